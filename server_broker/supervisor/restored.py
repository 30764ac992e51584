"""What a county does once its database came from a backup or a dump: stations are asked for what it lacks."""

import datetime as dt

from django.db import transaction

from protocol.decisions import CountyRestored
from server_broker import broker
from server_broker.audit import log as audit
from server_broker.decisions.stream import decide
from server_broker.enrolment.revocation import Reconciled, reconcile
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.generation import raise_generation
from server_broker.fleet.models import Station
from server_broker.media.files import MediaFolder
from server_broker.media.intake import adopt_whole
from server_broker.platform.home import CountyHome
from server_broker.trust.journal import StationJournal


def roll_ends(home: CountyHome) -> str:
    """Return what to check by hand, in Chinese: the journal of stations says nothing of what came after its last line.

    A copy of the database leaves the journal alone. An image of the machine, and a copy on the backup disk, take it
    back with them; then nothing in the county knows whom somebody has revoked since.
    """
    roll = StationJournal(home).read()
    if not roll.days:
        return "站点名册是空的：请重新登记各站点"
    revoked = f"，到那天为止吊销了 {len(roll.revoked)} 个站点" if roll.revoked else "，里面没有吊销过的站点"
    return (
        f"站点名册最后写于 {max(roll.days)}{revoked}。名册若也是从旧备份或整机镜像恢复的："
        "那以后吊销的站点又能接入，请对照纸上的记录逐个重新吊销（cunhui-server revoke）；那以后接入的站点须重新登记"
    )


def ask_for_the_gap(home: CountyHome, *, actor: str, now: dt.datetime) -> tuple[int, Reconciled]:
    """Raise the county's generation; return it, and what the journal of stations knew better than the database."""
    outcome = reconcile(home)
    with transaction.atomic():
        generation = raise_generation(now=now)
        desired_changed(Station.objects.values_list("pk", flat=True))
        entry = audit.record(actor, "county.restored", "", {"generation": generation})
        decide(entry, CountyRestored(generation=generation))
    adopt_whole(MediaFolder(home.media), now=now)
    # A station offers its facts when it connects. Without this a connected station would wait until its next fact.
    broker.reconnect_all(home)
    return generation, outcome
