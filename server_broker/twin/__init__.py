"""What the county wants of each station, its settings included, and what the station made of that."""
