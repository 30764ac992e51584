"""What every line of the kiosk socket has in common."""

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One message: a JSON object with its ``type``."""


def type_of(line: Line | type[Line]) -> str:
    """Return the ``type`` of a message, or of a kind of message."""
    return str(line.__struct_config__.tag)
