"""What comes in from the terminal: keys, and nothing else."""
