"""The commands of ``python -m django`` that this room adds or changes."""
