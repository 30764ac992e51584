"""Proof: whatever a link does, no fact is lost, doubled or stuck, and the county knows in the end who is connected."""
