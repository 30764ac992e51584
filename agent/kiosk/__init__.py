"""The kiosks: their socket, the home screen, visits with numbers and PINs, and the quiz with its packs."""
