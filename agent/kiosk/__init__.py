"""What the kiosks show and ask: the socket that they speak to, the home screen, and learning."""
