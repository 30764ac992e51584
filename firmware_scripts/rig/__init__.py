"""Emulated machines, for tests of drivers with devices of the kernel that this machine does not have."""
