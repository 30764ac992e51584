"""What every line of the kiosk socket has in common."""

import msgspec


class Line(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """One message: a JSON object with its ``type``."""
