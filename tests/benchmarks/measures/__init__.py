"""The measurements at a station. Each module measures one figure or a few."""
