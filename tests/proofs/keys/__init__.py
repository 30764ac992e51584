"""Proof: whatever is pressed and whoever touches, no direction is corrected and no question answered if nobody meant
it."""
