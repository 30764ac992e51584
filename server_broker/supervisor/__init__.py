"""Start and stop the parts of a county in order."""
