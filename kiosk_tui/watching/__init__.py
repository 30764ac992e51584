"""One program watches the kiosk and begins it anew when it dies or hangs."""
