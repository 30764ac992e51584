"""Bare machines that the packages are installed on, as a county office and a technician would do it."""
