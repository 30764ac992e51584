"""What monitoring outside of the county reads: metrics of the county and its stations, and whether the county works."""
