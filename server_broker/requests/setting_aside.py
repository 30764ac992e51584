"""Go on with each request of a station by itself: one that fails is set aside, and the others go on.

A station may sign what nobody has thought of. Its failure is kept, an alarm tells the operators of it once, and it is
tried again every hour, because the program or what the county knows may be another by then.
"""

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from server_broker.fleet.alarm_codes import REQUEST_SET_ASIDE
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.platform.set_aside import Failure, do_apart
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
    return each_read(list(asked), cases_of_stations, now)


def each_read[S: Request | Agreement, T](
    said: Sequence[S], read: Callable[[Sequence[S]], Iterable[T]], now: dt.datetime
) -> list[T]:
    """Return what is read of what was said at stations, in its order; what cannot be read is set aside."""
    found: list[T] = []
    with transaction.atomic():
        outcome = do_apart(said, lambda some: found.extend(read(some)))
        for one, failure in outcome.failed:
            _keep(one, failure, now)
    return found


def tried(said: Request | Agreement, do: Callable[[], object], now: dt.datetime) -> bool:
    """Do something for one request in a transaction of its own, and return whether it worked; if not, set it aside."""

    def do_it(_: Sequence[Request | Agreement]) -> None:
        do()

    for one, failure in do_apart([said], do_it).failed:
        _keep(one, failure, now)
        return False
    _works(said, now)
    return True


def _keep(said: Request | Agreement, failed: Failure, now: dt.datetime) -> None:
    failure = f"{failed.kind} in {failed.place}"[:200]
    with transaction.atomic():
        again = _of(said).update(failure=failure, tried_at=now, tries=F("tries") + 1)
        if again:
            return
        here = {"request": said} if isinstance(said, Request) else {"agreement": said}
        SetAside.objects.create(**here, failure=failure, since=now, tried_at=now)
        detail = f"有一条申请或答应办不了，已单独放下，每小时再试：{failure}"
        raise_alarm(station=said.station_id, code=REQUEST_SET_ASIDE, severity="major", detail=detail, at=now)
    _log.error(
        "%s: what was said at a station is set aside\n%s",
        said.station_id,
        failed.trace,
        extra={"station": said.station_id},
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
