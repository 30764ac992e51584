"""Which dates are working days, by whose word, and where work stops for a while (docs/rules.md, 1.4)."""
