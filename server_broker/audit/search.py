"""Find entries of the audit log by what is written in them, with the index of migration 0004."""

from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.lookups import DataContains
from django.db.models import Func, IntegerField, Q, TextField, Value
from django.db.models.lookups import GreaterThan

_BORDER = "\x1f"
"""What migration 0004 writes before each field, so that a field can be told from a part of one."""
_FIELDS = ("actor", "action", "subject", "source", "detail")


def whole_field(word: str) -> str:
    """Return what to look for where a whole actor, action, subject or source must be ``word``."""
    return f"{_BORDER}{word}{_BORDER}"


def containing(texts: Iterable[str]) -> Q:
    """Return the condition for entries that contain at least one of the texts, in small letters or capitals.

    For a text of one letter there is no index: the whole log is read.
    """
    found = Q(pk__in=())
    for text in texts:
        wanted = Value(text.lower(), output_field=TextField())
        found |= Q(DataContains(_bigrams(_text()), _bigrams(wanted))) & Q(GreaterThan(_place(wanted), 0))
    return found


def _text() -> Func:
    return Func(*_FIELDS, function="audit_text", output_field=TextField())


def _bigrams(content: Any) -> Func:
    return Func(content, function="audit_bigrams", output_field=ArrayField(TextField()))


def _place(wanted: Value) -> Func:
    """Return where the text begins in an entry. Letters in a row, not only each two of them somewhere."""
    return Func(_text(), wanted, function="strpos", output_field=IntegerField())
