"""The proof of the kiosk: random hands at the screens' state machine and at real kiosks on pseudo-terminals."""
