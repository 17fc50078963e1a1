(patch
  (knobs (cutoff (value 0.5)))
  (nodes (osc (type osc.sine)) (out (type output)))
  (connections (cutoff -> osc "amp") (osc "out" -> out "in"))
  (presets
    (soft (knobs (cutof 0.2)) (params (osc (fre 0.1))))
    (loud (knobs cutoff) (params (osc freq 3)))
    (soft (doc "twice"))))
