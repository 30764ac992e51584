"""Build a station out of its configuration and identity. Only this room chooses drivers.

`parts` puts a station together out of its `ports`. `assembly` makes the ports of the product: the drivers come from
`hardware`, the connections to the county from `county`.
"""
