(patch (nodes (g (type "gain") (amp (0.5))) (out (type "output"))) (x-a (vector 1)) (x-b ()) (x-c (dict (k) v)))
