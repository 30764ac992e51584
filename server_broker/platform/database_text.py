"""Make text from outside storable: PostgreSQL's text and jsonb refuse the character NUL."""


def without_nul(text: str) -> str:
    """Return ``text`` with each NUL replaced by U+FFFD, so that a person sees that something was there."""
    return text.replace("\x00", "�")
