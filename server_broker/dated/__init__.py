"""Dated rows: what holds from when to when, and since when the county knows it. Nothing in them is overwritten."""
