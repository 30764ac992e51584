"""Proof: whatever the clocks do, order is by seq, quality is honest, and what can be dated is dated to 2 s."""
