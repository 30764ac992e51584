"""Every sentence of the screens."""
