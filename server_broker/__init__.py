"""The county service: takes in what stations know, keeps it, and shows it to those who may see it."""
