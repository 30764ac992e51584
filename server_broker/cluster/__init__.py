"""The private PostgreSQL cluster that a county runs on unless it is given another."""
