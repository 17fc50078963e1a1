(patch (nodes (out (type "output"))) (cables (a b)) (conections))
