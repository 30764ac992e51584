"""What a county does once its database came from a backup or a dump: stations are asked for what it lacks.

What people did after the copy nobody can ask for. So the console says what a person has to check.
"""

import datetime as dt

from django.db import transaction

from protocol.decisions import CountyRestored
from server_broker import broker
from server_broker.audit import log as audit
from server_broker.decisions.stream import decide
from server_broker.enrolment.revocation import Reconciled, reconcile
from server_broker.fleet.alarm_codes import COUNTY_RESTORED
from server_broker.fleet.alarms import raise_alarm
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.generation import raise_generation
from server_broker.fleet.models import Station
from server_broker.media.files import MediaFolder
from server_broker.media.intake import adopt_whole
from server_broker.platform.home import CountyHome
from server_broker.supervisor.roll_end import roll_ends


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


def tell_of_the_rest(home: CountyHome, *, now: dt.datetime) -> str:
    """Return in Chinese what somebody has to check by hand after a restore, and have the console say it too."""
    said = roll_ends(home)
    raise_alarm(station=None, code=COUNTY_RESTORED, severity="major", detail=said, at=now)
    return said
