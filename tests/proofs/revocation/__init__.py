"""Proof that a revocation bites within seconds, wherever it was killed and whenever the disk was full."""
