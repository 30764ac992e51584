"""Proof: a revocation takes effect within seconds, wherever it was killed and whenever the disk was full."""
