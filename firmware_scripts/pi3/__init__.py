"""The station's package on an emulated Raspberry Pi 3B."""
