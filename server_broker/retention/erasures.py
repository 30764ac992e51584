"""Tell whether a fact whose content is gone was erased by a rule, when it was due, and as the audit log has it."""

import hashlib
from collections.abc import Iterable

from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Stream
from server_broker.ingest.models import Fact
from server_broker.retention.keeping_kinds import FactsEnd
from server_broker.retention.keepings import keeping
from server_broker.retention.models import ErasedFact, Erasure

ACTION = "retention.erased"
"""Of the entry in the audit log."""


def digest_of(erased: Iterable[tuple[int, bytes]]) -> bytes:
    """Return the digest of an erasure: over seq and digest of each of its facts, in order of seq."""
    whole = hashlib.sha256(b"cunhui erasure 1\x00")
    for seq, digest in erased:
        whole.update(seq.to_bytes(8, "big") + digest)
    return whole.digest()


class ErasuresOf:
    """The erasures of one stream, each checked once."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._problems: dict[int, str] = {}
        self._of: dict[int, tuple[int, bytes]] | None = None
        self._erasures: dict[int, Erasure] = {}

    def problem_of(self, fact: Fact) -> str:
        """Return which rule was broken when this fact lost its content; an empty text if none was."""
        if self._of is None:
            rows = ErasedFact.objects.filter(stream=self._stream).values_list("seq", "erasure_id", "digest")
            self._of = {seq: (erasure, bytes(digest)) for seq, erasure, digest in rows.iterator()}
            self._erasures = {erasure.pk: erasure for erasure in Erasure.objects.filter(stream=self._stream)}
        if fact.body is not None or fact.salt is not None:
            return "a part of its content is gone"
        if fact.seq not in self._of:
            return "its content is gone, and no erasure is on record"
        key, digest = self._of[fact.seq]
        erasure = self._erasures.get(key)
        if erasure is None or digest != bytes(fact.digest):
            return "the record of its erasure is of another fact"
        if key not in self._problems:
            self._problems[key] = self._problem(erasure)
        if fact.received_at >= erasure.received_before:
            return "it was erased before its time"
        row = keeping(erasure.holding)
        if row is None or fact.kind not in (*row.kinds, "reissued"):
            return f"facts of this kind are not erased as {erasure.holding}"
        return self._problems[key]

    def _problem(self, erasure: Erasure) -> str:
        row = keeping(erasure.holding)
        if not isinstance(row, FactsEnd):
            return f"no rule erases {erasure.holding}"
        if erasure.at - erasure.received_before < row.kept:
            return "it was erased before its time"
        assert self._of is not None
        found = sorted((seq, digest) for seq, (key, digest) in self._of.items() if key == erasure.pk)
        if len(found) != erasure.facts or digest_of(found) != bytes(erasure.digest):
            return "the record of its erasure was changed"
        entries = AuditEntry.objects.filter(action=ACTION, subject=str(erasure.pk)).values_list("detail", flat=True)
        if not any(detail.get("digest") == bytes(erasure.digest).hex() for detail in entries):
            return "the audit log knows nothing of its erasure"
        return ""
