"""Where somebody can be in the kiosk: each place knows its view and its keys."""
