"""Proof: whatever happens to the outbox file, county and station have every green fact in the end, or say which are
gone."""
