"""What stations are measured on: a real county, disks and lines that count, and faster time."""
