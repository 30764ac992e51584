"""An officer accepts what was carried here from a station after it was revoked.

Its record key may have been in anybody's hands by then, so its signature does not say that people touched. The facts
are held until somebody who knows the village decides: what can't be believed is written off first
(`server_broker.ingest.held`), and all others are accepted together. Only then is pay reckoned from them.
"""

import datetime as dt

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.dated.writing import Period
from server_broker.decisions.stream import decide
from server_broker.duty.own_rosters import own_roster
from server_broker.fleet.models import Station
from server_broker.ingest.held import to_accept
from server_broker.ingest.reread import Reread, reread_held
from server_broker.settling.whereabouts import Whereabouts


class AcceptRefused(Exception):
    """Nothing was accepted. The message is Chinese."""


def accept_carried(station: Station, reason: str, *, by: User, now: dt.datetime) -> Reread:
    """Accept a revoked station's facts that nobody has written off, and read them.

    The decision is kept before the first fact is read. If reading is interrupted, what is left waits to be accepted.

    Args:
        reason: In the officer's words; without names and card numbers.

    Raises:
        AcceptRefused: None waits, or the account's person had windows where the station counts.
    """
    count = to_accept(station).count()
    if not count:
        raise AcceptRefused("没有等人认可的记录")
    own = own_roster(by, Whereabouts(now).own(station.pk), Period())
    if own:
        raise AcceptRefused(f"{own}，不能由您来认可；请在这里没有班的同事，或者县里来认可")
    with transaction.atomic():
        entry = record(by.get_username(), "held.accepted", station.pk, {"count": count, "reason": reason})
        decide(entry, Decided(action="held.accepted", subject=station.pk))
    return reread_held(station.pk, now=now, accepted=True)
