"""Settle attendance from the county's own data: read it as it was known at a moment, and keep what came of it."""
