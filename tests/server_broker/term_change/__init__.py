"""A term change by one sheet."""
