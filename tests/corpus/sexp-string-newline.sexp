(patch (name "abc
def"))
