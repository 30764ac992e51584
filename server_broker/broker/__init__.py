"""Mosquitto: its configuration, its access lists, and revocation that bites."""
