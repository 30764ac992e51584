"""Which programs may read what of the county: their tokens, who gave them, and how much each has read."""
