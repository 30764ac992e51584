"""Add to the audit log, and check that nobody changed it.

Each entry's hash covers the entry and the hash before it (SHA-256), so a changed, removed or inserted row breaks
the chain there. The database refuses UPDATE, DELETE and TRUNCATE by triggers.

Entries of version 1 have no source (the address that an action was asked from); entries of version 2 have one. Both are
in the same chain, and version 1 may not follow version 2, so that nobody can add an entry without a source.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.platform.database_text import without_nul
from server_broker.platform.sql import lock_until_commit

FIRST_HASH = bytes(32)
VERSION = 2
"""Version of new entries."""
LEAST_REASON = 4
"""Letters of the shortest reason that says anything."""
MOST_REASON = 200
HERE = "local"
"""Source of actions on the county's own machine, by a command or by the service."""
PHONE = "phone"
"""Source of what people do at the front door. An entry is never deleted, so a telephone's address is not in it."""
_LOCK = 0x61756469  # "audi", one writer at a time

_source: ContextVar[str] = ContextVar("source of audit entries", default=HERE)

type Detail = dict[str, str | int | bool | None]


@dataclass(frozen=True)
class AuditCheck:
    """The result of `verify`: how many entries are intact before the first bad one, and the id of that one."""

    entries: int
    first_bad: int | None


def told_reason(written: str, *, refused: Callable[[str], Exception]) -> str:
    """Return a reason in one line, as it is kept.

    Args:
        refused: Makes the error of what the person is told, in Chinese, if the reason is too short or too long.
    """
    reason = " ".join(written.split())
    if not LEAST_REASON <= len(reason) <= MOST_REASON:
        raise refused(f"请写明理由（{LEAST_REASON} 到 {MOST_REASON} 个字）")
    return reason


@contextmanager
def coming_from(address: str) -> Iterator[None]:
    """Record entries of this thread or task, within the block, with ``address`` as their source."""
    token = _source.set(address)
    try:
        yield
    finally:
        _source.reset(token)


def record(actor: str, action: str, subject: str = "", detail: Detail | None = None) -> AuditEntry:
    """Append one entry, in the caller's transaction if there is one.

    Args:
        actor: Account name, or ``station:ID`` or ``service``.
        action: What was done, as ``noun.verb``.
        subject: The id of the thing that was changed; never the name of a person.
        detail: Further details, without secrets, names or card numbers.
    """
    with transaction.atomic():
        take_turn()
        last = AuditEntry.objects.order_by("-id").first()
        entry = AuditEntry(
            version=VERSION,
            at=timezone.now(),
            # Cut to the columns' lengths, so that no action fails because of a text in its entry.
            actor=without_nul(actor)[:150],
            source=without_nul(_source.get())[:64],
            action=action,
            subject=without_nul(subject)[:128],
            detail={
                key: without_nul(value) if isinstance(value, str) else value for key, value in (detail or {}).items()
            },
            previous_hash=bytes(last.hash) if last else FIRST_HASH,
        )
        entry.hash = _hash(entry)
        entry.save(force_insert=True)
    return entry


def take_turn() -> None:
    """Wait until no other transaction adds to the log, and keep others waiting until this one ends."""
    # Held until COMMIT. So the next writer sees this one's entries, and continues the chain from them.
    lock_until_commit(_LOCK)


def recorded(actor: str, action: str, subject: str, *, since: datetime) -> list[dict[str, Any]]:
    """Return the details of an actor's entries with this action and subject since a moment."""
    found = AuditEntry.objects.filter(at__gte=since, actor=actor, action=action, subject=subject)
    return list(found.values_list("detail", flat=True))


def verify(log: Iterable[AuditEntry] | None = None) -> AuditCheck:
    """Check the whole chain, and find the first entry that does not follow from the one before.

    Args:
        log: Entries in their order, as an export has them; None: those in the database.
    """
    previous, version, entries = FIRST_HASH, 1, 0
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000) if log is None else log:
        is_next = bytes(entry.previous_hash) == previous and version <= entry.version <= VERSION
        if not is_next or bytes(entry.hash) != _hash(entry):
            return AuditCheck(entries, entry.pk)
        previous, version, entries = bytes(entry.hash), entry.version, entries + 1
    return AuditCheck(entries, None)


def _hash(entry: AuditEntry) -> bytes:
    # A fixed form of time and JSON, so that an entry gives the same hash when it is made and at each later check.
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [at, entry.actor, entry.action, entry.subject, entry.detail]
    if entry.version > 1 or entry.source:  # a source in version 1 was added by tampering, so it must break the hash
        content = [entry.version, entry.source, *content]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes(entry.previous_hash) + text.encode()).digest()
