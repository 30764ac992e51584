"""The county's keys, its certificate authority and its revocation list."""
