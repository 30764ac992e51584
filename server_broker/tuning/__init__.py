"""Settings of stations: chosen for a county, a township, a village or one station, and what stations made of them."""
