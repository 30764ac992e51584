"""Which rooms read facts. A room that wants to has a `FactRoom` in its ``facts.py``, and a line here."""

from itertools import chain

from server_broker.attendance.facts import ATTENDANCE
from server_broker.commands.facts import COMMANDS
from server_broker.feedback.facts import FEEDBACK
from server_broker.fleet.fact_rows import FactRoom, RefColumns
from server_broker.fleet.facts import FLEET
from server_broker.ingest.tables import REISSUES
from server_broker.learning.facts import LEARNING
from server_broker.media.facts import MEDIA
from server_broker.meetings.facts import MEETING_FACTS
from server_broker.pins.facts import PINS
from server_broker.platform.tables import Table
from server_broker.requests.facts import REQUEST_FACTS

ROOMS: tuple[FactRoom, ...] = (
    *(ATTENDANCE, FLEET, LEARNING, MEDIA, COMMANDS, PINS, FEEDBACK),
    *(REQUEST_FACTS, MEETING_FACTS),
)
"""In the order in which their rows are stored: a request is read beside the number that was entered before it."""

STAMPED_TABLES: tuple[Table, ...] = tuple(chain.from_iterable(room.stamped for room in ROOMS))
REF_COLUMNS: tuple[RefColumns, ...] = (
    # The record of a re-issue points at the fact under whose identity its rows stand.
    RefColumns(REISSUES, "identity_epoch", "identity_seq"),
    *chain.from_iterable(room.refs for room in ROOMS),
)
