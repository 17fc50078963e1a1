(patch (name ))
