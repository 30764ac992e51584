"""All metrics of one moment, as prometheus-client collects them."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.utils import timezone
from prometheus_client.registry import Collector

from server_broker.fleet.models import Alarm
from server_broker.metrics import families
from server_broker.metrics.county import database_families, machine_families
from server_broker.metrics.families import Family
from server_broker.metrics.stations import read_fleet, station_families
from server_broker.platform.home import CountyHome


class CountyCollector(Collector):
    """Reads a county anew at each collection. The number of queries does not grow with the stations."""

    def __init__(self, home: CountyHome, *, now: Callable[[], datetime] = timezone.now) -> None:
        self._home = home
        self._now = now

    def collect(self) -> Iterator[Family]:
        """Yield all families that have a sample now."""
        alarms = list(Alarm.objects.filter(resolved_at=None).values_list("station_id", "code", "severity", "origin"))
        fleet = read_fleet()
        yield from machine_families(self._home)
        yield from database_families(self._now(), alarms, fleet.last_receipt)
        yield from station_families(fleet, alarms)

    def describe(self) -> Iterator[Family]:
        """Yield all families that there can be, without samples."""
        for metric in families.ALL:
            yield metric.family(())
