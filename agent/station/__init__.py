"""The station as a whole: one inbox, one core that decides, and who does what it decides."""
