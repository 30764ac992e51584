"""Build a station out of its configuration and identity. Only this room chooses drivers.

`assembly` puts a station together, `hardware` makes its drivers, `county` its connections to the county.
"""
