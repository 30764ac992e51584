"""Tell the telephones that a person has signed in on before, so that strangers' tries don't shut them out.

A telephone keeps a mark for each person who signed in on it: when that was, and a MAC over the person and that time.
The county keeps nothing. A mark signs nobody in. It names no person either, because only who knows the number can ask
whether it is theirs.
"""

import datetime as dt
from collections.abc import Iterator

from django.utils.crypto import constant_time_compare, salted_hmac

from server_broker.people.models import Person

LIFETIME = dt.timedelta(days=180)
MOST_PEOPLE = 4
"""Whose marks one telephone keeps: a family may share it."""
_SALT = "cunhui known phone 1"
_MOST_CHARS = 512


def is_known(marks: str, person: Person, now: dt.datetime) -> bool:
    """Tell whether the marks of a telephone say that this person has signed in on it lately."""
    return any(_is_theirs(mark, person) and _lives(mark, now) for mark in _read(marks))


def with_mark(marks: str, person: Person, now: dt.datetime) -> str:
    """Return the marks of a telephone on which a person has just signed in."""
    issued = f"{int(now.timestamp()):x}"
    others = [mark for mark in _read(marks) if _lives(mark, now) and not _is_theirs(mark, person)]
    return ".".join([f"{issued}-{_mac(person, issued)}", *others[: MOST_PEOPLE - 1]])


def _read(marks: str) -> Iterator[str]:
    if len(marks) <= _MOST_CHARS:
        yield from marks.split(".")[:MOST_PEOPLE]


def _is_theirs(mark: str, person: Person) -> bool:
    issued, _, mac = mark.partition("-")
    return constant_time_compare(mac, _mac(person, issued))


def _lives(mark: str, now: dt.datetime) -> bool:
    issued, _, _ = mark.partition("-")
    try:
        seconds = int(issued, 16)
    except ValueError:
        return False
    return now - LIFETIME < dt.datetime.fromtimestamp(min(seconds, int(now.timestamp())), dt.UTC)


def _mac(person: Person, issued: str) -> str:
    return salted_hmac(_SALT, f"{person.pk}:{issued}", algorithm="sha256").hexdigest()
