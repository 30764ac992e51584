"""换届: one sheet says who holds which post of a county or township from a day on. It is shown, then done at once."""
