(patch (name "a\qc"))
