"""Who this station is to the county: its keys, its certificate, and how it gets and renews them."""
