(patch
  (voics 3)
  (knobs (cutoff (value 2) (range 80 high) (scale expo)))
  (nodes
    (osc (type "osc.sin") (freq 440))
    (filt (type "svf") (cutof 300) (res 2) (scope poly))
    (out (type "output") (scope voice)))
  (connections
    (osc "out" -> filt "input")
    (cutof -> filt "freq")
    (filt "lo" -> out "in" (amount big) (as hertz))))
