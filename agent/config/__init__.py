"""What a technician writes in station.toml: read, checked, and told in Chinese where it is wrong."""
