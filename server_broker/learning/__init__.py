"""Learning packs for stations, and people's attempts at them."""
