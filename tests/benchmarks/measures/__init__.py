"""What is measured at a station, one figure or a few a module."""
