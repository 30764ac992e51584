"""The screens, one in each module: each draws one view of `kiosk_tui.views`."""
