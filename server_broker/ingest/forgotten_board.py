"""Note the board of a revoked station that this county knows no more, by a file that its card gave.

A county that was restored from a copy which is older than a station has neither its row nor its line in the journal.
Somebody then names the number again and revokes it. Its record key stands in the export file alone, and nothing proves
that a board with this key was ever taken in. That takes nothing away: all facts of a revoked station are held until a
person accepts them, whoever signed them. The key is kept so that its signatures can be verified ever after.
"""

from datetime import datetime

from django.db import transaction

from protocol.decisions import Decided
from protocol.envelope import Envelope
from protocol.facts import decode_fact
from protocol.refusal import Refused
from protocol.units import DATED_QUALITIES
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.fleet.fact_rows import Unstorable, wall_time
from server_broker.fleet.models import Station
from server_broker.ingest.carried_file import CarriedFile

BOARD_NOTED = "station.board_noted"
"""The action of the audit log."""


def note_board(carried: CarriedFile, *, actor: str, now: datetime) -> None:
    """Give the station of a file the key that the file names, and let it have been enrolled when its record begins."""
    began = _began(carried) or now
    with transaction.atomic():
        station = Station.objects.select_for_update(no_key=True, of=("self",)).get(pk=carried.station)
        if station.record_key is not None or station.revoked_at is None:
            return
        station.record_key, station.enrolled_at = carried.key, min(began, station.revoked_at)
        station.save(update_fields=["record_key", "enrolled_at"])
        entry = record(actor, BOARD_NOTED, station.pk)
        decide(entry, Decided(action=BOARD_NOTED, subject=station.pk), [station])


def _began(carried: CarriedFile) -> datetime | None:
    """Return when the first fact of a file was, by its station; None if that did not know the time."""
    for part in carried.reader().parts():
        if isinstance(part, Envelope):
            try:
                at = decode_fact(part.facts[0].body).at
                return wall_time(at.wall) if at.quality in DATED_QUALITIES else None
            except (Refused, Unstorable):
                return None
    return None
