"""Several troubles of a whole county at once, and whether its honest stations lose anything by them."""
