"""The station's time: its clock, how far it can be trusted, and whom it believes."""
