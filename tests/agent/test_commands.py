"""Commands are executed once, in time, and answered by a fact."""

from pathlib import Path

import msgspec

from protocol.commands import Command
from protocol.facts import CommandResult
from tests.agent.bench import STATION, Bench, bench, desired
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock


def command(system: FakeSystemClock, **changes: object) -> Command:
    made = Command(
        id=b"c" * 16,
        station=STATION,
        order="identify",
        not_after=system.wall + HOUR_MS,
        issuer="operator",
        reason="test",
    )
    return msgspec.structs.replace(made, **changes)


def results(station: Bench) -> list[tuple[str, str]]:
    return [(fact.outcome, fact.detail) for fact in station.of(CommandResult)]


def test_identify_lights_the_lamp(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system))
    assert station.indicator.shown == [("amber", "")]
    assert results(station) == [("done", "")]


def test_once_also_after_a_restart(tmp_path: Path, system: FakeSystemClock) -> None:
    for _ in range(2):
        with bench(tmp_path, system) as station:
            station.commands.execute(command(system))
            station.commands.execute(command(system))
            assert len(results(station)) == 1


def test_too_late_or_without_the_time_it_is_refused(tmp_path: Path, station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system, not_after=system.wall - 1))
    assert results(station) == [("refused", "expired")]
    (tmp_path / "other").mkdir()
    with bench(tmp_path / "other", system, trusted=False) as other:
        other.commands.execute(command(system))
        assert results(other) == [("refused", "the station does not know the time")]


def test_what_can_not_be_remembered_is_not_done(station: Bench, system: FakeSystemClock) -> None:
    station.outbox.fill_disk()
    station.commands.execute(command(system))
    station.outbox.error = None
    station.journal.settle()
    assert station.indicator.shown == []
    assert results(station)[0][0] == "refused"


def test_a_snapshot_is_answered_when_the_picture_came(station: Bench, system: FakeSystemClock) -> None:
    station.accept(desired(version=2))
    station.commands.execute(command(system, order="snapshot"))
    assert station.taker.asked == [("requested", None)]
    assert results(station) == []
