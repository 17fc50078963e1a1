(patch (nodes))
(patch)
