"""Proof: whatever the clocks do, touches are ordered by seq, the stated quality is honest, and every touch that can be
dated is dated to 2 s."""
