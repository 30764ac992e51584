"""Go on with each request of a station by itself: one that fails is set aside, and the others go on.

A station may sign what nobody has thought of. Its failure is kept, an alarm tells the operators of it once, and it is
tried again every hour, because the program or what the county knows may be another by then.
"""

import datetime as dt
import logging
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from server_broker.fleet.alarm_codes import REQUEST_SET_ASIDE
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.requests.cases import Case, cases_of_stations
from server_broker.requests.models import Agreement, Request, SetAside

TRIED_AGAIN = dt.timedelta(hours=1)

_log = logging.getLogger(__name__)


def set_aside(said: type[Request | Agreement], now: dt.datetime) -> Exists:
    """Return the condition that something failed and is not tried again yet."""
    here = {"request" if said is Request else "agreement": OuterRef("pk")}
    return Exists(SetAside.objects.filter(**here, tried_at__gt=now - TRIED_AGAIN))


def each_case(asked: Iterable[Request], now: dt.datetime) -> list[Case]:
    """Return requests with their people; those that cannot be read are set aside."""
    listed = list(asked)
    try:
        with transaction.atomic():
            return cases_of_stations(listed)
    except (OperationalError, InterfaceError):
        raise
    except Exception:  # noqa: BLE001 - each is read by itself now, so that the one that fails is known
        found: list[Case] = []
        for one in listed:
            tried(one, lambda one=one: found.extend(cases_of_stations([one])), now)  # type: ignore[misc]
        return found


def tried(said: Request | Agreement, do: Callable[[], object], now: dt.datetime) -> bool:
    """Do something for one request in a transaction of its own, and return whether it worked; if not, set it aside."""
    try:
        with transaction.atomic():
            do()
    except (OperationalError, InterfaceError):
        # The database is away or busy: that is nothing of this request.
        raise
    except Exception as error:  # noqa: BLE001 - one request must not keep the county from all others
        _keep(said, error, now)
        return False
    _works(said, now)
    return True


def _keep(said: Request | Agreement, error: Exception, now: dt.datetime) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    failure = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"[:200]
    with transaction.atomic():
        again = _of(said).update(failure=failure, tried_at=now, tries=F("tries") + 1)
        if again:
            return
        here = {"request": said} if isinstance(said, Request) else {"agreement": said}
        SetAside.objects.create(**here, failure=failure, since=now, tried_at=now)
        detail = f"有一条申请或答应办不了，已单独放下，每小时再试：{failure}"
        raise_alarm(station=said.station_id, code=REQUEST_SET_ASIDE, severity="major", detail=detail, at=now)
    _log.error(
        "%s: what was said at a station is set aside: %s", said.station_id, failure, extra={"station": said.station_id}
    )


def _works(said: Request | Agreement, now: dt.datetime) -> None:
    deleted, _ = _of(said).delete()
    if not deleted:
        return
    station = said.station_id
    if not SetAside.objects.filter(Q(request__station=station) | Q(agreement__station=station)).exists():
        resolve(station=station, code=REQUEST_SET_ASIDE, at=now)


def _of(said: Request | Agreement) -> QuerySet[SetAside]:
    if isinstance(said, Request):
        return SetAside.objects.filter(request=said)
    return SetAside.objects.filter(agreement=said)
