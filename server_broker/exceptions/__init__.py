"""What is worth an officer's look: found every night, with its evidence, and judged by a person. It accuses nobody."""
