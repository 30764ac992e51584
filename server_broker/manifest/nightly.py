"""Make the manifest of the day that is over, and check the county's record, both without anybody asking."""

import datetime as dt
import logging

from django.conf import settings

from server_broker.decisions.stream import open_stream
from server_broker.fleet.alarm_codes import COUNTY_RECORD
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.manifest.county_check import check_county
from server_broker.manifest.daily import make_due
from server_broker.manifest.models import RecordCheck
from server_broker.platform.home import CountyHome

_log = logging.getLogger(__name__)


def make_and_say(home: CountyHome, *, now: dt.datetime) -> str:
    """Make the manifest that is due, and return a line for the log; empty if none was due."""
    made = make_due(home, now=now)
    return f"manifest {made.number} of {made.day}" if made is not None else ""


def check_and_tell(now: dt.datetime) -> str:
    """Check the county's record, keep the outcome for the page, and open or close the alarm."""
    open_stream(settings.HOME)  # so that a county that decides nothing is under watch too
    verdict = check_county()
    problem = verdict.problems[0].sentence()[:400] if verdict.problems else ""
    RecordCheck.objects.update_or_create(
        pk=1,
        defaults={
            "at": now,
            "facts": verdict.facts,
            "entries": verdict.entries,
            "manifests": verdict.manifests,
            "problem": problem,
        },
    )
    if problem:
        raise_alarm(station=None, code=COUNTY_RECORD, severity="critical", detail=problem, at=now)
        return f"{len(verdict.problems)} parts of the county's record are not as they were"
    resolve(station=None, code=COUNTY_RECORD, at=now)
    return ""
