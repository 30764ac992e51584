"""The surroundings in which stations are measured: a real county, disks and lines that count, and faster time."""
