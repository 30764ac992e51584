"""What is known of the county's commands: which were begun, and how each ended."""
