(patch (name "abc
