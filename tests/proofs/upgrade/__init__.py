"""Proof: county and stations pass between two releases, under load and with kills, and lose nothing."""
