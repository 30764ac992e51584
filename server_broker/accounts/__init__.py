"""Who may sign in to the county service, with which role and over which part of the county."""
