"""Keep what a station says of its health as plain JSON, and read it back."""

from typing import Any

import msgspec

from protocol.health import Health


def kept(health: Health) -> dict[str, Any]:
    """Return what goes into the database; PostgreSQL's jsonb takes no NUL in a text."""
    plain: dict[str, Any] = _without_nul(msgspec.to_builtins(health))
    return plain


def _without_nul(value: Any) -> Any:
    match value:
        case dict():
            return {key: _without_nul(field) for key, field in value.items()}
        case list():
            return [_without_nul(item) for item in value]
        case str():
            return value.replace("\x00", "�")
        case _:
            return value


def read(plain: object) -> Health | None:
    """Return what was kept, or None where nothing was, or nothing that this version understands."""
    try:
        return None if plain is None else msgspec.convert(plain, Health)
    except msgspec.ValidationError:
        return None
