"""The screens: each draws one view of `kiosk_tui.views.common`."""
