"""Claim codes, and the calls by which a station enrols and renews."""
