"""``./run rig pi3``: the station's daemon on an emulated Raspberry Pi 3B, and a county on this machine."""
