"""The switches for what burdens people: all off until two people turn one on."""
