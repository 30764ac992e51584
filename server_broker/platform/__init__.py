"""What every part of a county stands on: its folder, its configuration, its processes, and files written whole."""
