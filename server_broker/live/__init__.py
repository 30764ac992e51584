"""Frames of live views: in the web server's memory, the last one of each view, while somebody looks. Stored nowhere."""
