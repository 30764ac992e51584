"""The tables of this room that other rooms use in SQL."""

from server_broker.fleet.tables import IDENTITY_COLUMNS, STAMP_COLUMNS
from server_broker.platform.tables import Table

_STATED = IDENTITY_COLUMNS | STAMP_COLUMNS | {"by_epoch": "bytea", "by_seq": "int8"}
_NUMBER = {"person_number": "text"}

MEETING_STEPS = Table(
    "meetings_meetingstep", _STATED | {"meeting": "text", "step": "text", "item": "text", "note": "text"} | _NUMBER
)
VOTE_COUNTS = Table(
    "meetings_votecount",
    _STATED | {"meeting": "text", "item": "text", "votes": "int4[]", "present": "int4", "abstained": "int4"} | _NUMBER,
)
VOUCHES = Table("meetings_vouch", _STATED | {"person": "text", "purpose": "text", "note": "text"} | _NUMBER)
