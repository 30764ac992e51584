"""Look at every part of a station and say in Chinese what is well, what is not, and what to do about it."""
