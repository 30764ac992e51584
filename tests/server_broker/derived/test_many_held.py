"""A station may have sent very many facts that wait to be read: none costs the check statements of its own."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.codec import encode
from server_broker.derived.walk import walk
from server_broker.ingest.after_upgrade import catch_up
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.held import to_review, write_off
from server_broker.ingest.models import Fact
from server_broker.platform.home import CountyHome
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db

FEW, MANY = 10, 100


@pytest.mark.parametrize("reason", ["bad_signature", "refused_by_database", ""])
def test_many_cost_as_many_statements_as_few(
    station: StationDouble, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """The empty reason: people wrote them off."""
    monkeypatch.setattr(settings, "HOME", CountyHome(tmp_path_factory.mktemp("county")))
    catch_up(settings.HOME, NOW)
    statements: list[int] = []
    for count in (FEW, MANY):
        take(station, *range(count), key=StationDouble())
        take(station, count, key=station)
        Fact.objects.exclude(held_reason="").update(held_reason=reason or "out_of_range")
        if not reason:
            write_off(to_review(), reason="示例", actor="operator", at=NOW)
        with CaptureQueriesContext(connection) as queries:
            finding, counts = walk(station.id, now=NOW + timedelta(hours=1))
        assert (finding, counts.held) == (None, len(station.sealed) - len(statements) - 1)
        statements.append(len(queries))
    assert statements[0] == statements[1]


def take(station: StationDouble, *monos: int, key: StationDouble) -> None:
    first = len(station.sealed) + 1
    station.add(*(touch(mono) for mono in monos))
    message = station.message("facts", encode(station.envelope(first, key=key.key)))
    BatchProcessor(clock=lambda: NOW).process_batch([message])
