"""Each command is executed once, in time, and has one result as a fact, whatever happens in between."""

from pathlib import Path

import msgspec
import pytest

from agent.camera.spool_names import PictureRequest
from agent.commands.command_log import MAX_RECALLED, MAX_REMEMBERED, CommandLog
from agent.events import PictureTaken, StopAsked
from protocol.commands import MAX_VALID_MS
from protocol.facts import BlobAnnounced, CommandResult
from protocol.units import FactRef
from tests.agent.bench import Bench, bench, desired
from tests.agent.commands.county_commands import command
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock


def picture(sha256: bytes | None = None, *, problem: str = "") -> PictureTaken:
    """Return the camera worker's event for the picture that `command` asks for."""
    return PictureTaken(
        about=None, purpose="requested", sha256=sha256, size=9, problem=problem, spooled="x", command=b"c" * 16
    )


def results(station: Bench) -> list[tuple[str, str]]:
    return [(fact.outcome, fact.detail) for fact in station.of(CommandResult)]


def test_identify_lights_the_lamp(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system))
    assert station.indicator.shown == [("amber", "")]
    assert results(station) == [("done", "")]


def test_once_also_after_a_restart(tmp_path: Path, system: FakeSystemClock) -> None:
    for _ in range(2):
        with bench(tmp_path, system) as station:
            station.commands.resume(ended_well=True)
            station.commands.execute(command(system))
            station.commands.execute(command(system))
            assert len(results(station)) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"not_after": 1}, "expired"),
        ({"order": "open_the_door"}, "unknown_order: open_the_door"),
        ({"order": ""}, "unknown_order: "),
    ],
)
def test_a_command_that_must_not_be_executed_is_refused_once_and_remembered(
    tmp_path: Path, system: FakeSystemClock, changes: dict[str, object], reason: str
) -> None:
    for _ in range(2):
        with bench(tmp_path, system) as station:
            for _ in range(3):
                station.commands.execute(command(system, **changes))
            assert results(station) == [("refused", reason)]
            assert station.indicator.shown == []


def test_a_command_is_executed_until_it_expires_and_not_later(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system, not_after=system.wall))
    station.commands.execute(command(system, id=b"d" * 16, not_after=system.wall - 1))
    assert results(station) == [("done", ""), ("refused", "expired")]


def test_a_command_that_is_valid_for_too_long_is_refused(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system, not_after=system.wall + MAX_VALID_MS + 60_000))
    assert results(station) == [("refused", "valid_too_long")]


def test_without_the_time_only_the_time_check_is_executed(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.commands.execute(command(system))
        station.commands.execute(command(system, id=b"d" * 16, order="time_check"))
        assert results(station) == [("refused", "undated"), ("done", "")]
        assert station.of(CommandResult)[1].at.quality == "unknown"


def test_a_time_check_states_the_difference(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system, order="time_check", issued=system.wall - 1_234))
    (result,) = station.of(CommandResult)
    assert result.figures == {"station_ms": system.wall, "county_ms": system.wall - 1_234, "ahead_ms": 1_234}


def test_a_command_that_came_in_a_wrong_way_is_refused(station: Bench, system: FakeSystemClock) -> None:
    station.commands.refuse(command(system), "retained")
    station.commands.refuse(command(system), "retained")
    station.commands.execute(command(system))
    assert results(station) == [("refused", "retained")]
    assert station.indicator.shown == []


def test_a_command_that_can_not_be_remembered_is_not_executed(station: Bench, system: FakeSystemClock) -> None:
    station.outbox.fill_disk()
    station.commands.execute(command(system))
    station.outbox.error = None
    station.fact_writer.flush()
    assert station.indicator.shown == []
    assert results(station) == [("refused", "not_recorded: no room")]


def test_a_result_that_the_disk_did_not_take_comes_later_and_once(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.commands.execute(command(system, order="snapshot"))
        station.outbox.fill_disk()
        station.snapshots.on_picture_taken(
            PictureTaken(about=None, purpose="requested", sha256=None, problem="dark", command=b"c" * 16)
        )
        assert results(station) == []
        station.outbox.error = None
        station.fact_writer.flush()
        assert results(station) == [("failed", "camera: dark")]
    with bench(tmp_path, system) as station:
        station.commands.resume(ended_well=False)
        assert len(results(station)) == 1


def test_no_more_commands_than_can_be_remembered(station: Bench, system: FakeSystemClock) -> None:
    for number in range(MAX_REMEMBERED + 1):
        station.commands.execute(command(system, id=number.to_bytes(16)))
    assert results(station)[-2:] == [("done", ""), ("refused", "too_many_orders")]
    system.pass_ms(2 * HOUR_MS)
    station.commands.execute(command(system, id=b"e" * 16))
    assert results(station)[-1] == ("done", "")
    station.commands.execute(command(system, id=(0).to_bytes(16), not_after=system.wall - HOUR_MS))
    assert len(station.indicator.shown) == MAX_REMEMBERED + 1


def test_a_command_without_its_result_is_not_forgotten(station: Bench, system: FakeSystemClock) -> None:
    station.commands.execute(command(system, order="snapshot"))
    for number in range(1, MAX_REMEMBERED):
        station.commands.execute(command(system, id=number.to_bytes(16)))
    system.pass_ms(2 * HOUR_MS)
    station.commands.execute(command(system, id=b"e" * 16))
    station.snapshots.on_picture_taken(picture(problem="dark"))
    assert results(station)[-2:] == [("done", ""), ("failed", "camera: dark")]


def test_a_snapshots_result_comes_together_with_its_picture(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired(version=2))
        station.commands.execute(command(system, order="snapshot"))
        assert station.taker.asked == [PictureRequest("requested", command=b"c" * 16)]
        assert results(station) == []
        sha256 = station.blobs.write(b"a picture")
        station.snapshots.on_picture_taken(
            PictureTaken(about=None, purpose="requested", sha256=sha256, size=9, spooled="x", command=b"c" * 16)
        )
        assert results(station) == [("done", "")]
        assert len(station.of(BlobAnnounced)) == 1
    with bench(tmp_path, system) as station:
        station.commands.resume(ended_well=True)
        assert results(station) == [("done", "")]


def test_a_command_that_a_killed_agent_had_begun_has_failed(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.commands.execute(command(system, order="snapshot"))
    for _ in range(2):
        with bench(tmp_path, system) as station:
            station.commands.resume(ended_well=True)
            ((outcome, detail),) = results(station)
            assert (outcome, detail.split(":")[0]) == ("failed", "interrupted")


@pytest.mark.parametrize("note", ["", "unanswered"])
def test_a_result_in_the_record_counts_whatever_the_state_says(
    tmp_path: Path, system: FakeSystemClock, note: str
) -> None:
    with bench(tmp_path, system) as station:
        station.commands.execute(command(system, order="snapshot"))
        unanswered = station.outbox.get("orders")
        assert unanswered is not None
        station.snapshots.on_picture_taken(picture(station.blobs.write(b"a picture")))
        assert results(station) == [("done", "")]
        station.outbox.put("orders", unanswered if note else msgspec.msgpack.encode([]))
    with bench(tmp_path, system) as station:
        station.commands.resume(ended_well=False)
        station.commands.execute(command(system, order="snapshot"))
        assert (results(station), station.taker.asked) == ([("done", "")], [])


def test_the_record_recalls_only_so_many_commands_that_room_is_left(station: Bench, system: FakeSystemClock) -> None:
    told = [
        CommandResult(at=station.clock.now(), command=number.to_bytes(16, "big"), outcome="done")
        for number in range(300)
    ]
    station.command_log.recall([(FactRef(epoch=bytes(16), seq=1 + number), fact) for number, fact in enumerate(told)])
    known = [station.command_log.is_known(fact.command) for fact in told]
    assert known == [False] * (300 - MAX_RECALLED) + [True] * MAX_RECALLED
    station.commands.execute(command(system))
    assert station.indicator.shown == [("amber", "")]


def test_a_recalled_command_is_known_for_as_long_as_it_could_be_valid(station: Bench, system: FakeSystemClock) -> None:
    told = CommandResult(at=station.clock.now(), command=b"o" * 16, outcome="done")
    station.command_log.recall([(FactRef(epoch=bytes(16), seq=1), told)])
    for number in range(MAX_REMEMBERED - 1):
        station.commands.execute(command(system, id=number.to_bytes(16)))
    system.pass_ms(2 * HOUR_MS)
    station.commands.execute(command(system))
    station.commands.execute(command(system, id=told.command))
    assert len(station.indicator.shown) == MAX_REMEMBERED


def test_a_result_and_its_state_are_kept_together(station: Bench, system: FakeSystemClock) -> None:
    """Only the last facts of the record are read at a start."""
    for number, not_after in enumerate((system.wall, system.wall - 1)):
        station.commands.execute(command(system, id=number.to_bytes(16), not_after=not_after))
        noted = CommandLog(clock=station.clock, fact_writer=station.fact_writer, state=station.outbox)
        assert noted.is_known(number.to_bytes(16))
        assert noted.open_commands() == []


def test_a_command_that_was_forgotten_as_expired_is_not_recalled(station: Bench, system: FakeSystemClock) -> None:
    for number in range(MAX_REMEMBERED):
        station.commands.execute(command(system, id=number.to_bytes(16, "big"), order="time_check"))
    old = CommandResult(at=station.clock.now(), command=b"o" * 16, outcome="done")
    station.command_log.recall([(FactRef(epoch=bytes(16), seq=1), old)])
    assert not station.command_log.is_known(old.command)


@pytest.mark.parametrize(("ended_well", "outcome"), [(True, "done"), (False, "failed")])
def test_a_restarts_result_is_stated_by_the_next_run(
    tmp_path: Path, system: FakeSystemClock, ended_well: bool, outcome: str
) -> None:
    with bench(tmp_path, system) as station:
        station.commands.execute(command(system, order="restart_agent"))
        asked = station.inbox.get(timeout_s=0)
        assert isinstance(asked, StopAsked)
        assert asked.restart
        assert results(station) == []
    for _ in range(2):
        with bench(tmp_path, system) as station:
            station.commands.resume(ended_well=ended_well)
            assert [told[0] for told in results(station)] == [outcome]
            station.commands.execute(command(system, order="restart_agent"))
            assert station.inbox.get(timeout_s=0) is None


@pytest.mark.parametrize("kept", [b"\xc1", b"\x01", b"\x91\x01"])
def test_a_damaged_memory_is_no_reason_not_to_start(tmp_path: Path, system: FakeSystemClock, kept: bytes) -> None:
    with bench(tmp_path, system) as station:
        station.outbox.put("orders", kept)
    with bench(tmp_path, system) as station:
        station.commands.execute(command(system))
        assert results(station) == [("done", "")]
