"""The strangers proof: everyone who must not get in tries to, and those who may get in still can."""
