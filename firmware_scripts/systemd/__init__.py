"""The units by which systemd runs a station's programs, and the users, folders and rules that they need."""
