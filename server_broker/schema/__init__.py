"""The tables of an empty database, laid out in one step instead of migration by migration."""
