"""Blobs: files that stations send in pieces or people give. Each is judged, kept for its time and then deleted."""
