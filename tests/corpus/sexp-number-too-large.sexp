(patch (voices 1e999) (nodes (out (type "output"))))
