"""The three ways in which facts reach the tables: by the line, in a file that somebody carries, and held at first."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from protocol.codec import encode
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.carried import take_file
from server_broker.ingest.reread import reread_held
from server_broker.platform.home import CountyHome
from tests.server_broker.ingest.test_carried import written
from tests.server_broker.station_double import StationDouble, touch

type Way = Callable[[StationDouble, dt.datetime], None]
"""Has all that a station states from its first fact on stored at a moment."""

MUCH = 1_000_000
"""Facts that an operator lets a station say in a day."""


def by_line(station: StationDouble, at: dt.datetime) -> None:
    """In one message, with a quota that an operator has raised."""
    BatchProcessor(clock=lambda: at, facts_a_day=MUCH).process_batch([station.facts_message()])


def held_first(station: StationDouble, at: dt.datetime) -> None:
    """With a bad signature, and signed for three days later."""
    before = at - dt.timedelta(days=3)
    bad = station.message("facts", encode(station.envelope(key=StationDouble().key)))
    BatchProcessor(clock=lambda: before).process_batch([bad])
    last = len(station.sealed) + 1
    station.add(touch(900_000_000))
    BatchProcessor(clock=lambda: at).process_batch([station.facts_message(last)])
    assert reread_held(station.id, now=at).read == last - 1


@pytest.fixture(params=["by_line", "by_stick", "held_first"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Way:
    """Each way in turn."""

    def by_stick(station: StationDouble, at: dt.datetime) -> None:
        path = written(tmp_path / "x.cunhui", station, station.envelope(), after=0)
        take_file(path, dead_board=False, actor="test", clock=lambda: at)

    home = CountyHome(tmp_path / "county")
    home.media.mkdir(parents=True)
    monkeypatch.setattr(settings, "HOME", home)
    found: Way = {"by_line": by_line, "by_stick": by_stick, "held_first": held_first}[request.param]
    return found
