(patch (nodes))
)
