"""Proof: one hostile station, enrolled and at full speed, delays no receipt of its neighbours."""
