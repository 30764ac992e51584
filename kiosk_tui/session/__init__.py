"""The terminal on a station's screen: it is started, watched and given text of another size."""
