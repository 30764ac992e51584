"""The strangers proof: everyone who must not get in tries to, and the right ones still can."""
