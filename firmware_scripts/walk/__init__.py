"""Errands of cadres and villagers at the kiosk, played by keys on a real terminal and counted."""
