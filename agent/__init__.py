"""The station's daemon: it owns every fact, every decision and every piece of hardware of a station."""

VERSION = "0.1.0"
"""Of the whole product; setup.py reads it here. Asking the installed package costs a daemon more memory than it is."""
