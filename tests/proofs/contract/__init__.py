"""Proves that ends of different minor versions of the contract understand one another, and that no bytes crash a
reader.

Everything of the earlier version is its own code, out of the repository's history, in a process of its own. What each
end made of a message is judged here by the golden files; what became of facts, by rows that psql would read."""
