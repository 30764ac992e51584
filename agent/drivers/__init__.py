"""One file per real thing. A driver translates calls and errors and decides nothing."""
