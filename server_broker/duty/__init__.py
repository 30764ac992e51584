"""Who is due on a date, and why."""
