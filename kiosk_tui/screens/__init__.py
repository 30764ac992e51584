"""What each view of `kiosk_tui.views.common` looks like: text for the one screen of text, or a screen of its own."""
