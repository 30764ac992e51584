"""Touches of cards. `desk` records a touch: read it first. `touch_history` decides whether it repeats another."""
