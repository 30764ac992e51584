"""Who this station is for the county: its keys, its certificate, and how it gets and renews them."""
