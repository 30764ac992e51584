"""Make text from outside storable: PostgreSQL's text and jsonb refuse the character NUL."""

from typing import Any

from protocol.plain_text import one_line


def without_nul(text: str) -> str:
    """Return ``text`` with each NUL replaced by U+FFFD, so that a person sees that something was there."""
    return text.replace("\x00", "�")


def shown_line(text: str) -> str:
    """Return what people are shown of a text that a station chose: one line, clean (`protocol.plain_text`).

    The fact or message that it came in is kept as it is.
    """
    return one_line(without_nul(text))


def shown_json(value: Any) -> Any:
    """Return plain JSON that a station chose, with each text as `shown_line` has it; names of fields stay."""
    match value:
        case dict():
            return {key: shown_json(field) for key, field in value.items()}
        case list():
            return [shown_json(item) for item in value]
        case str():
            return shown_line(value)
        case _:
            return value
