"""Pictures of the running product, drawn by the same programs in which people see it."""
