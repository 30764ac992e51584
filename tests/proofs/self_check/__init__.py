"""Do the tests and proofs catch bugs? Bugs are planted in a work tree of their own, and each must be caught."""
