"""Read and check what a technician writes in station.toml, and say in Chinese what is wrong with it."""
