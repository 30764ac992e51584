"""The player: a process of its own that makes sound, so that what decodes a clip reaches neither network nor keys."""
