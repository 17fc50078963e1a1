(patch
  (nodes
    (g (type "gain") (params (type 3)))
    (h ("type" "gain") ("amp" 0.5))
    (out (type "output"))))
