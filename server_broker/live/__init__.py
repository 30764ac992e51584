"""Frames of live views. The web server keeps the last frame of each view in memory, and stores none on disk."""
