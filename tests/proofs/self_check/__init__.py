"""Do the tests and proofs bite? Bugs are planted in a work tree of their own, and each must be caught."""
