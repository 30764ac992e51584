"""Pictures of the running product, drawn by the programs in which people see it."""
