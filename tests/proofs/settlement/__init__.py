"""The proof of the settlement: made-up months by the engine, and by the second reckoning of ``tests/reckoning``."""
