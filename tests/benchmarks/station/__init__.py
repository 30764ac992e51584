"""The station with every driver on: its figures, a hundred thousand facts, and a year's outbox on the disk."""
