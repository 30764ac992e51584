"""One module a screen: how a view of `kiosk_tui.views` is drawn."""
