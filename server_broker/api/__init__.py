"""The county's data for other programs to read (docs/api.md): JSON over HTTPS, by tokens, with the pages' own scope."""
