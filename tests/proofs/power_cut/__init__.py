"""Proof: what a power cut at any moment leaves of the outbox is every green fact, once, and nothing else."""
