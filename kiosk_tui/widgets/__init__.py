"""The pieces that the kiosk's screens are made of."""
