"""Drivers against kernel devices that a plain machine lacks: run inside the emulated one, by ``./run rig drivers``."""
