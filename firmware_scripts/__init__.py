"""What turns a machine into a station, and what puts stations and a county on a bench to try them."""
