"""The front door: what people see of their own on their telephones, and nothing else of the county."""
