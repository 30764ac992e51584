"""Drivers against devices of the kernel's; run inside the emulated machine of ``./run rig drivers``."""
