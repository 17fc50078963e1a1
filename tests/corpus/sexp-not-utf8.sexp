(patch
  (name "ÿ"))
