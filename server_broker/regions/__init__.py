"""The tree of county, townships and villages, by the 12-digit statistical code."""
