"""Questions of villagers, who answers them, and whom a village may telephone."""
