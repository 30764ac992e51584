"""Proof: this version opens the data that an earlier version of the product wrote, and loses nothing."""
