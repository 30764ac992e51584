"""Which packs are required of whom (必学), and which may be chosen (选学)."""
