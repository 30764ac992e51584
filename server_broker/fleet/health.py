"""Convert a station's health report to the JSON that the database stores, and back."""

from typing import Any

import msgspec

from protocol.health import Health
from server_broker.platform.database_text import without_nul


def kept(health: Health) -> dict[str, Any]:
    """Return the report as JSON for the database, without NUL characters, because PostgreSQL's jsonb refuses them."""
    plain: dict[str, Any] = _without_nul(msgspec.to_builtins(health))
    return plain


def _without_nul(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nul(field) for key, field in value.items()}
        case list():
            return [_without_nul(item) for item in value]
        case str():
            return without_nul(value)
        case _:
            return value


def read(plain: object) -> Health | None:
    """Return the stored report; None if there is none, or this version of the program can't read it."""
    try:
        return None if plain is None else msgspec.convert(plain, Health)
    except msgspec.ValidationError:
        return None
