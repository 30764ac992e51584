"""What else the station senses: readers, doors, motion and keyboards, each watched on a thread of its own."""
