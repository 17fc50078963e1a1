(patch
  (nodes
    (osc (type "osc.sine"))
