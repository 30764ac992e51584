"""Named cases (docs/cases.md): read one from a file, settle it, and compare it with what it expects."""
