"""The version of docs/rules.md by which the county decides and settles."""

RULES = "2.7"
