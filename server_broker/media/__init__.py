"""Blobs from stations: pictures and logs that arrive in pieces and are deleted after 90 days."""
