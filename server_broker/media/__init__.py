"""Blobs from stations: stills that come in pieces and are kept for a time."""
