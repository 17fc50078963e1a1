(patch
  (voices 8)
  (voices 9)
  (nodes
    (g (type "gain") (amp 1) (params (amp 2)))
    (g (type "gain"))
    (out (type "output"))))
