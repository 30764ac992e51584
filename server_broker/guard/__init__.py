"""Stop what must not be published: numbers of persons, and what is marked as secret."""
