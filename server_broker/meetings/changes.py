"""What a change of a meeting changed: what was announced before, and what after."""

from collections.abc import Sequence
from typing import NamedTuple

from django.utils import timezone

from server_broker.audit.log import Detail
from server_broker.meetings.kinds import quorum_words
from server_broker.meetings.models import Kind, MeetingRecord

PEOPLE = ("chair", "expected", "voters")
"""What of `Change.what` has keys of people, with spaces between them."""


class Change(NamedTuple):
    """One thing that was otherwise before. Of lists of people only those who are in one of the two."""

    what: str
    before: str
    after: str


def changes(old: MeetingRecord, new: MeetingRecord) -> list[Change]:
    """Return what differs between two rows of one meeting."""
    before, after = _plain(old), _plain(new)
    found = [Change(what, before[what], after[what]) for what in before if before[what] != after[what]]
    for what, had, has in (("expected", old.expected, new.expected), ("voters", old.voters, new.voters)):
        if set(had) != set(has):
            found.append(Change(what, _keys(had, has), _keys(has, had)))
    return found


def changes_told(found: Sequence[Change]) -> Detail:
    """Return changes as an entry of the audit log has them: ``title_was`` and ``title``. People are keys."""
    return {key: text for one in found for key, text in ((f"{one.what}_was", one.before), (one.what, one.after))}


def agenda_words(agenda: Sequence[tuple[str, str, Sequence[str]]]) -> str:
    """Return an agenda in one line."""
    return "；".join(f"{title}（{'、'.join(options)}）" if options else title for _, title, options in agenda)


def _plain(row: MeetingRecord) -> dict[str, str]:
    return {
        "meeting_kind": str(Kind(row.kind).label) if row.kind in Kind.values else row.kind,
        "title": row.title,
        "place": row.place,
        "begin": f"{timezone.localtime(row.begin):%Y-%m-%d %H:%M}",
        "end": f"{timezone.localtime(row.end):%Y-%m-%d %H:%M}",
        "stations": "、".join(row.stations),
        "chair": str(row.chair or ""),
        "quorum": quorum_words(row.rule, row.numerator, row.denominator),
        "agenda": agenda_words(row.agenda),
        "papers": "、".join(title for _, _, title in row.papers),
    }


def _keys(people: Sequence[int], others: Sequence[int]) -> str:
    return " ".join(str(key) for key in people if key not in set(others))
