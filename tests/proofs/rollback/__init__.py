"""Proof: whatever becomes of the outbox file, county and station end up with every green fact, or say what is gone."""
