"""The county as its packages install it, upgraded with real apt and dpkg on a Debian that its own systemd boots."""
