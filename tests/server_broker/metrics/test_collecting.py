"""What is collected: each family, its values, how many series a station has, and how many queries it takes."""

import datetime as dt
import secrets
from collections import Counter

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from server_broker import trust
from server_broker.backup.state import BackupStatus
from server_broker.fleet.models import Alarm, Station, Stream
from server_broker.ingest.models import Fact
from server_broker.metrics import families
from server_broker.metrics.collector import CountyCollector
from server_broker.platform.county_config import read_config
from server_broker.platform.units import part_names
from server_broker.supervisor.parts import service_parts
from tests.cast import SHILI, SHILI_VILLAGE, TOWNSHIP, YANGBAN, YANGBAN_VILLAGE
from tests.server_broker.county import FictionalCounty, alarm
from tests.server_broker.metrics.full_report import many_stations, report_fully

pytestmark = pytest.mark.django_db
MOST_SERIES = 40
FEW_QUERIES = 12
SET_UP = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


def collected() -> list[Sample]:
    """Return all samples, as a scrape gets them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(CountyCollector(settings.HOME))
    return [sample for family in registry.collect() for sample in family.samples]


def value(samples: list[Sample], metric: families.Metric, **labels: str) -> float:
    """Return the value of the one series that has these labels."""
    name = f"{metric.name}_total" if metric.kind == "counter" else metric.name
    (found,) = [one.value for one in samples if one.name == name and labels.items() <= one.labels.items()]
    return found


@pytest.fixture
def full(county: FictionalCounty, monkeypatch: pytest.MonkeyPatch) -> FictionalCounty:
    """A county in which everything that can be told is told."""
    trust.prepare(settings.HOME)
    backed_up = BackupStatus("/mnt/backup", set_up_at=SET_UP, last_copy_at=SET_UP + dt.timedelta(days=3))
    monkeypatch.setattr("server_broker.metrics.county.backup_status", lambda home: backed_up)
    report_fully(county.stations[SHILI])
    alarm(county.stations[SHILI], "reader_lost:USB", "major")
    alarm(county.stations[SHILI], "held:unparsable", "critical")
    return county


def test_every_family_that_is_declared_has_a_series(full: FictionalCounty) -> None:
    names = {sample.name.removesuffix("_total") for sample in collected()}
    assert names == {metric.name for metric in families.ALL}


def test_values_are_those_of_the_station(full: FictionalCounty) -> None:
    samples = collected()
    of = {"station": SHILI, "township": TOWNSHIP}
    assert value(samples, families.ONLINE, **of) == 1
    assert value(samples, families.WAITING, **of) == 3
    assert value(samples, families.STATION_FACTS, **of) == 7
    assert value(samples, families.UNDERVOLTAGE, **of) == 1
    assert value(samples, families.THROTTLED, **of) == 0
    assert value(samples, families.CARD_WORN, **of) == 1
    assert value(samples, families.CARD_SPENT, **of) == 1
    assert value(samples, families.STATION_DISK_FREE, **of) == 20_000_000 * 1024
    assert value(samples, families.STATION_ALARMS, **of) == 2
    assert value(samples, families.ALARMS, severity="critical") == 1
    assert value(samples, families.ALARMS, severity="info") == 0
    assert value(samples, families.STATIONS, state="online") == 2
    # A station chooses its codes freely; only those of our lists become labels, without what follows the colon.
    assert value(samples, families.ALARMS_BY_CODE, code="held") == 1
    assert value(samples, families.ALARMS_BY_CODE, code="other") == 1
    assert value(samples, families.PART_UP, part="ingest") == 0
    assert value(samples, families.CERTIFICATE_END, certificate="authority") > timezone.now().timestamp()


def test_what_never_happened_to_a_backup_counts_from_when_it_was_set_up(full: FictionalCounty) -> None:
    samples = collected()
    assert value(samples, families.BACKUP_COPY) == (SET_UP + dt.timedelta(days=3)).timestamp()
    assert value(samples, families.BACKUP_PROOF) == SET_UP.timestamp()


def test_a_county_without_backups_tells_no_age_of_them(county: FictionalCounty) -> None:
    trust.prepare(settings.HOME)
    assert not [sample for sample in collected() if "backup" in sample.name]


def test_held_facts_count_until_they_are_written_off(full: FictionalCounty) -> None:
    stream = Stream.objects.get(station=SHILI)
    Fact.objects.create(
        stream=stream,
        seq=8,
        digest=secrets.token_bytes(32),
        head=bytes(32),
        kind="touch",
        received_at=timezone.now(),
        held_reason="unparsable",
    )
    samples = collected()
    assert value(samples, families.HELD) == value(samples, families.STATION_HELD, station=SHILI) == 1


def test_a_station_has_few_series_and_no_label_of_its_own_choice(full: FictionalCounty) -> None:
    ours = [sample for sample in collected() if "station" in sample.labels]
    series = Counter(sample.labels["station"] for sample in ours)
    assert series[SHILI] == max(series.values()) <= MOST_SERIES
    assert series[YANGBAN] < series[SHILI], "what a station never told has no series"
    assert {tuple(sample.labels) for sample in ours} == {families.STATION_LABELS}


def test_no_station_that_was_revoked_or_never_enrolled(full: FictionalCounty) -> None:
    Station.objects.filter(pk=SHILI).update(revoked_at=timezone.now())
    Station.objects.filter(pk=YANGBAN).update(enrolled_at=None)
    samples = collected()
    assert not [sample for sample in samples if "station" in sample.labels]
    assert value(samples, families.STATIONS, state="revoked") == value(samples, families.STATIONS, state="waiting") == 1
    # What it has sent stays counted: a counter must not fall.
    assert value(samples, families.FACTS) == 7


def test_the_queries_do_not_grow_with_the_stations(full: FictionalCounty) -> None:
    with CaptureQueriesContext(
        connection,
    ) as few:
        collected()
    many_stations([SHILI_VILLAGE, YANGBAN_VILLAGE], 500)
    with CaptureQueriesContext(connection) as many:
        samples = collected()
    assert len(few) == len(many) <= FEW_QUERIES
    assert len({sample.labels["station"] for sample in samples if "station" in sample.labels}) == 502


def test_names_and_units_are_prometheus_own_way(full: FictionalCounty) -> None:
    for metric in families.ALL:
        assert metric.name.startswith("cunhui_")
        assert metric.says
        assert not metric.name.endswith(("_total", "_count", "_sum", "_bucket"))
    assert len({metric.name for metric in families.ALL}) == len(families.ALL)


def test_nothing_of_people_is_told(full: FictionalCounty) -> None:
    told = " ".join(str(sample) for sample in collected())
    for cadre in full.people:
        for secret in (cadre.name, cadre.tail, cadre.token.hex()):
            assert secret not in told
    assert Alarm.objects.exists()


def test_each_part_of_the_service_is_watched() -> None:
    config = read_config(settings.HOME)
    assert list(part_names(config)) == [part.name for part in service_parts(settings.HOME, config)]
