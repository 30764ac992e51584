"""How a station's software changes while nobody is there."""
