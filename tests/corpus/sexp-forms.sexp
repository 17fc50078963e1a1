(patch
  name
  (name)
  (name "a" "b")
  ((name) "x")
  (knobs cutoff (res value) (mix (range 1)))
  (nodes osc (filt (type) (freq 1 2)))
  (connections (osc) (osc "out" filt "in") (osc "out" "x" -> filt "in") (-> filt "in") (osc "out" -> filt) (osc "out" -> filt "in" amount)))
