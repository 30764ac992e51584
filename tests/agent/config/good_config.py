"""A ``station.toml`` without a mistake."""

GOOD = """\
[station]
folder = "data"

[county]
url = "https://127.0.0.1:8443"
ca = "ca.pem"

[[reader]]
driver = "simulated"

[[reader]]
driver = "pcsc"
name = "门口"
pcsc_name = "ACR122"

[indicator]
driver = "simulated"

[camera]
driver = "none"
"""
