"""Readers, door contacts, motion sensors and keyboards: each is watched on a thread of its own and tells the core."""
