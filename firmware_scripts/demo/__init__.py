"""A county and three stations on one machine: the product's own programs, put together on a bench."""
