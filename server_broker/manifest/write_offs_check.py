"""Compare the facts of stations that are written off with the entries of the audit log about it.

A fact that is written off is never read, so nothing is missed that would be made of it. Without this check somebody
could mark a touch as held and written off, drop its row, and all would seem well.
"""

from collections import Counter

from server_broker.audit.models import AuditEntry
from server_broker.ingest.held import WRITTEN_OFF
from server_broker.ingest.models import Fact, WriteOff
from server_broker.manifest.problems import Problem


def check_write_offs() -> Problem | None:
    """Return the first fact that is written off though nobody decided so."""
    named: set[tuple[str, str, int]] = set()
    unnamed = Counter[tuple[str, str]]()
    """An entry names the first hundred only, and says how many there were."""
    for entry in AuditEntry.objects.filter(action=WRITTEN_OFF).order_by("id"):
        stream, seqs = (entry.subject, str(entry.detail["epoch"])), str(entry.detail["seqs"]).split()
        named |= {(*stream, int(seq)) for seq in seqs}
        unnamed[stream] += int(entry.detail["count"]) - len(seqs)
    for fact in Fact.objects.exclude(write_off=None).select_related("stream").order_by("stream", "seq"):
        stream = fact.stream.station_id, bytes(fact.stream.epoch).hex()
        if (*stream, fact.seq) in named:
            continue
        unnamed[stream] -= 1
        if unnamed[stream] < 0:
            place = f"{stream[0]} 流 {stream[1]} 第 {fact.seq} 条（{WriteOff._meta.db_table}）"
            return Problem("row", place, "没有任何决定说过它不读")
    return None
