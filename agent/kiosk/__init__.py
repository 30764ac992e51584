"""The kiosks: their socket, the home screen, and the quiz with its packs."""
