"""Touches and duty windows."""
