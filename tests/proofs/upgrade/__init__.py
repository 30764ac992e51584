"""What an earlier version of the product wrote is opened by this one, and nothing of it is lost."""
