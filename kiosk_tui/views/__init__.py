"""What can be on the screen, as plain values."""
