"""Add to the audit log, and check that nobody changed it.

Each entry's hash covers the entry and the hash before it (SHA-256), so a changed, removed or inserted row breaks
the chain there. The database refuses UPDATE, DELETE and TRUNCATE by triggers.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC

from django.db import connection, transaction
from django.utils import timezone

from server_broker.audit.models import AuditEntry

FIRST_HASH = bytes(32)
_LOCK = 0x61756469  # "audi", one writer at a time

type Detail = dict[str, str | int | bool | None]


@dataclass(frozen=True)
class AuditCheck:
    """The outcome of `verify`: how many entries hold, and the id of the first that does not."""

    entries: int
    first_bad: int | None


def record(actor: str, action: str, subject: str = "", detail: Detail | None = None) -> AuditEntry:
    """Append one entry, in the caller's transaction if there is one.

    Args:
        actor: Account name, or ``station:ID`` or ``service``.
        action: What was done, as ``noun.verb``.
        subject: To what; an id, never a name of a person.
        detail: More, without secrets, names or card numbers.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        last = AuditEntry.objects.order_by("-id").first()
        entry = AuditEntry(
            at=timezone.now(),
            actor=_clean(actor)[:150],
            action=action,
            subject=_clean(subject)[:128],
            detail={key: _clean(value) if isinstance(value, str) else value for key, value in (detail or {}).items()},
            previous_hash=bytes(last.hash) if last else FIRST_HASH,
        )
        entry.hash = _hash(entry)
        entry.save(force_insert=True)
    return entry


def verify() -> AuditCheck:
    """Walk the whole chain and name the first entry that does not follow from the one before."""
    previous, entries = FIRST_HASH, 0
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=2000):
        if bytes(entry.previous_hash) != previous or bytes(entry.hash) != _hash(entry):
            return AuditCheck(entries, entry.pk)
        previous, entries = bytes(entry.hash), entries + 1
    return AuditCheck(entries, None)


def _hash(entry: AuditEntry) -> bytes:
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    content = [at, entry.actor, entry.action, entry.subject, entry.detail]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes(entry.previous_hash) + text.encode()).digest()


def _clean(text: str) -> str:
    return text.replace("\x00", "�")  # PostgreSQL keeps no NUL
