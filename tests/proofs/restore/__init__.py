"""The proof that a county comes back from its backup disk, and its stations send what it lacks."""
