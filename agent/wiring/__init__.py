"""Build a station out of its configuration and identity: the one place that chooses drivers.

`assembly` puts a station together; `hardware` makes its drivers, `county` its ways to the county.
"""
