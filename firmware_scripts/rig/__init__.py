"""Emulated machines: drivers against the kernel's own devices where this machine has none of them."""
