"""Convert a station's health report to the JSON that the database stores, and back."""

from typing import Any

import msgspec

from protocol.health import Health
from server_broker.platform.database_text import shown_json


def kept(health: Health) -> dict[str, Any]:
    """Return the report as JSON for the database, with its texts as people are shown them."""
    plain: dict[str, Any] = shown_json(msgspec.to_builtins(health))
    return plain


def read(plain: object) -> Health | None:
    """Return the stored report; None if there is none, or this version of the program can't read it."""
    try:
        return None if plain is None else msgspec.convert(plain, Health)
    except msgspec.ValidationError:
        return None
