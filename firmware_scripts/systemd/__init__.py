"""What runs the programs on a station: units for systemd, and the users, folders and rules that they need."""
