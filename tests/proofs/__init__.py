"""Proofs of the promise: each breaks something many times and counts what an outsider finds missing."""
