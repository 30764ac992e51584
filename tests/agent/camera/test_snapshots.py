"""Pictures after the green light: announced by a fact, never a condition."""

from pathlib import Path

import pytest

from agent.camera.camera_protocol import STILL_NAME
from agent.camera.snapshots import MAX_REQUESTED
from agent.camera.spool_names import PictureRequest, parse_spool_name, spool_name
from agent.events import PictureTaken
from agent.ports import Suspect
from agent.storage.errors import StorageFailed
from protocol.commands import Command
from protocol.facts import AlarmCleared, AlarmRaised, BlobAnnounced, BlobEvicted, BlobPurpose, CommandResult
from protocol.units import FactRef
from tests.agent.bench import STATION, Bench, bench, desired
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock

REF = FactRef(epoch=bytes(range(16)), seq=7)
JPEG = b"\xff\xd8 picture \xff\xd9"


def taken(
    station: Bench,
    jpeg: bytes | None = JPEG,
    *,
    purpose: BlobPurpose = "touch",
    problem: str = "",
    command: bytes | None = None,
    suspect: Suspect | None = "",
) -> PictureTaken:
    """Return what the camera's worker says: the picture is written, or why there is none."""
    return PictureTaken(
        about=REF if purpose == "touch" else None,
        purpose=purpose,
        sha256=station.blobs.write(jpeg) if jpeg else None,
        size=len(jpeg or b""),
        problem=problem,
        spooled="x.jpg",
        command=command,
        suspect=suspect,
    )


def command_picture(station: Bench, command: bytes) -> None:
    """Let the county command a picture."""
    not_after = station.system.wall + HOUR_MS
    station.commands.execute(
        Command(id=command, station=STATION, order="snapshot", not_after=not_after, issuer="operator", reason="test")
    )


def results(station: Bench) -> list[tuple[bytes, str, str]]:
    return [(fact.command, fact.outcome, fact.detail) for fact in station.of(CommandResult)]


def test_a_picture_is_on_disk_then_a_fact_then_out_of_the_spool(station: Bench) -> None:
    station.snapshots.touch_recorded(REF)
    assert station.taker.asked == [PictureRequest("touch", about=REF)]
    station.snapshots.on_picture_taken(taken(station))
    (announced,) = station.of(BlobAnnounced)
    assert station.blobs.kept[announced.sha256] == JPEG
    assert (announced.size, announced.media_type, announced.purpose) == (len(JPEG), "image/jpeg", "touch")
    assert announced.about == REF
    assert station.taker.over == ["x.jpg"]


def test_where_the_village_wants_none_none_is_taken(station: Bench) -> None:
    station.accept(desired(version=2, settings={"snapshots": False}))
    station.snapshots.touch_recorded(REF)
    assert station.taker.asked == []


def test_a_picture_left_in_the_spool_is_not_announced_twice(station: Bench) -> None:
    station.snapshots.on_picture_taken(taken(station))
    station.snapshots.recall([(REF, fact) for fact in station.facts()])
    station.snapshots.on_picture_taken(taken(station))
    assert len(station.of(BlobAnnounced)) == 1
    assert station.taker.over == ["x.jpg", "x.jpg"]


def test_nor_is_it_sent_twice(station: Bench) -> None:
    station.snapshots.on_picture_taken(taken(station))
    station.snapshots.recall([(REF, fact) for fact in station.facts()])
    station.blobs.kept.clear()
    station.snapshots.on_picture_taken(taken(station))
    assert (station.blobs.kept, station.blobs.written) == ({}, {})


def test_a_picture_that_was_evicted_meanwhile_comes_again(station: Bench) -> None:
    event = taken(station)
    station.blobs.written.clear()
    station.snapshots.on_picture_taken(event)
    assert (station.taker.over, station.taker.back) == ([], ["x.jpg"])
    assert station.of(BlobAnnounced) == []
    station.snapshots.on_picture_taken(taken(station))
    assert len(station.of(BlobAnnounced)) == 1


def test_what_a_run_announces_does_not_pile_up(station: Bench) -> None:
    for number in range(20):
        station.snapshots.on_picture_taken(taken(station, bytes([number])))
    assert len(station.of(BlobAnnounced)) == 20
    assert station.snapshots._announced == set()


def test_room_is_made_and_stated(station: Bench) -> None:
    station.blobs.too_many = [b"e" * 32]
    station.snapshots.on_picture_taken(taken(station))
    assert [(fact.sha256, fact.reason) for fact in station.of(BlobEvicted)] == [(b"e" * 32, "disk")]


def test_on_a_full_disk_the_picture_waits_in_the_spool(station: Bench) -> None:
    command_picture(station, b"c" * 16)
    station.blobs.kept[b"e" * 32] = b"old"
    station.outbox.fill_disk()
    station.blobs.too_many = [b"e" * 32]
    station.snapshots.on_picture_taken(taken(station, purpose="requested", command=b"c" * 16))
    assert station.blobs.kept == {}
    assert (station.taker.over, station.taker.back) == ([], ["x.jpg"])
    station.outbox.error = None
    station.snapshots.on_picture_taken(taken(station, purpose="requested", command=b"c" * 16))
    assert station.taker.over == ["x.jpg"]
    assert [fact.sha256 for fact in station.of(BlobEvicted)] == [b"e" * 32]
    assert len(station.of(BlobAnnounced)) == 1
    assert [(fact.command, fact.outcome) for fact in station.of(CommandResult)] == [(b"c" * 16, "done")]


def test_a_failing_camera_alarms_once_until_it_works_again(station: Bench) -> None:
    for jpeg in (None, None, JPEG, None):
        station.snapshots.on_picture_taken(taken(station, jpeg, problem="no frame"))
    assert [fact.code for fact in station.of(AlarmRaised)] == ["camera_failed", "camera_failed"]
    assert [fact.code for fact in station.of(AlarmCleared)] == ["camera_failed"]
    assert station.of(AlarmRaised)[0].detail == "最近一张没有拍成（no frame）"
    assert not station.snapshots.camera_ready


def test_a_requested_picture_answers_its_command(station: Bench) -> None:
    command_picture(station, b"c" * 16)
    command_picture(station, b"d" * 16)
    station.snapshots.on_picture_taken(taken(station, purpose="requested", command=b"c" * 16))
    station.snapshots.on_picture_taken(taken(station, None, purpose="requested", problem="no frame", command=b"d" * 16))
    assert results(station) == [(b"c" * 16, "done", ""), (b"d" * 16, "failed", "camera: no frame")]
    assert [fact.purpose for fact in station.of(BlobAnnounced)] == ["requested"]


def test_too_many_requests_are_refused(station: Bench) -> None:
    reasons = [station.snapshots.request(bytes([n]) * 16) for n in range(MAX_REQUESTED + 1)]
    assert reasons[-1]
    assert not any(reasons[:-1])


@pytest.mark.parametrize("jpeg", [JPEG, None])
def test_each_answer_makes_room_for_another_request(station: Bench, jpeg: bytes | None) -> None:
    for number in range(2 * MAX_REQUESTED):
        command = bytes([number]) * 16
        command_picture(station, command)
        content = jpeg and jpeg + command
        station.snapshots.on_picture_taken(
            taken(station, content, purpose="requested", problem="no frame", command=command)
        )
    answer = ("done", "") if jpeg else ("failed", "camera: no frame")
    assert [told[1:] for told in results(station)] == [answer] * 2 * MAX_REQUESTED


@pytest.mark.parametrize(
    "wanted",
    [
        PictureRequest("touch", about=REF),
        PictureRequest("requested", command=b"c" * 16),
        PictureRequest("requested"),
        PictureRequest("random"),
    ],
)
def test_the_spools_names_say_what_they_are(wanted: PictureRequest) -> None:
    name = spool_name(wanted, "ab12")
    assert parse_spool_name(Path(name)) == wanted
    assert STILL_NAME.fullmatch(name)


@pytest.mark.parametrize(
    "name",
    [
        "x.jpg",
        "touch-zz-1-a.jpg",
        "touch-00-1-a.jpg",
        f"touch-{'00' * 16}-0-a.jpg",
        "window-none-0-a.jpg",
        "touch-none-0-a.png",
        "requested-order-0011-a.jpg",
        "requested-order-zz-a.jpg",
    ],
)
def test_other_names_are_no_pictures(name: str) -> None:
    assert parse_spool_name(Path(name)) is None


def test_a_disk_that_runs_short_lets_pictures_go_and_says_so(station: Bench) -> None:
    station.blobs.kept[b"e" * 32] = b"old"
    station.blobs.too_many = [b"e" * 32]
    station.snapshots.make_room()
    station.snapshots.make_room()
    assert [(fact.sha256, fact.reason) for fact in station.of(BlobEvicted)] == [(b"e" * 32, "disk")]
    assert station.blobs.kept == {}


def test_a_picture_is_stated_as_gone_before_it_is(station: Bench) -> None:
    """The other way round, a power cut between the two would leave the county waiting for it for ever."""
    station.blobs.kept[b"e" * 32] = b"old"
    station.blobs.too_many = [b"e" * 32]
    station.outbox.error = StorageFailed("the disk fails")
    station.snapshots.on_picture_taken(taken(station))
    assert b"e" * 32 in station.blobs.kept


def test_a_camera_that_sees_nothing_alarms_at_each_change(station: Bench) -> None:
    sights: list[Suspect | None] = ["", "black", "black", None, "covered", "frozen", "", None, "", "black"]
    for number, suspect in enumerate(sights):
        station.snapshots.on_picture_taken(taken(station, bytes([number]), suspect=suspect))
    said = [(fact.code, fact.detail[:4]) for fact in station.of(AlarmRaised)]
    assert said == [("camera_suspect", word) for word in ("画面全黑", "画面没有", "画面一直", "画面全黑")]
    assert [fact.code for fact in station.of(AlarmCleared)] == ["camera_suspect"]
    assert len(station.of(BlobAnnounced)) == len(sights)
    assert station.snapshots.camera_ready


def test_an_order_whose_picture_lies_in_the_spool_is_answered_after_a_restart(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        command_picture(station, b"c" * 16)
    for number in range(2):
        with bench(tmp_path, system) as station:
            station.taker.in_spool = {b"c" * 16}
            station.commands.resume(ended_well=False)
            assert len(results(station)) == number
            station.snapshots.on_picture_taken(taken(station, purpose="requested", command=b"c" * 16))
            assert results(station) == [(b"c" * 16, "done", "")]
            assert len(station.of(BlobAnnounced)) == 1


def test_a_picture_that_comes_after_its_order_was_given_up_is_kept_and_answers_nothing(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    """The camera's process outlived a killed agent."""
    with bench(tmp_path, system) as station:
        command_picture(station, b"c" * 16)
    with bench(tmp_path, system) as station:
        station.commands.resume(ended_well=False)
        station.snapshots.on_picture_taken(taken(station, purpose="requested", command=b"c" * 16))
        assert [(command, outcome) for command, outcome, _ in results(station)] == [(b"c" * 16, "failed")]
        assert len(station.of(BlobAnnounced)) == 1


def test_a_frozen_cameras_picture_answers_a_new_order_too(tmp_path: Path, system: FakeSystemClock) -> None:
    """Its bytes were announced by the run before: no second announcement, and the command is not left open."""
    with bench(tmp_path, system) as station:
        station.snapshots.on_picture_taken(taken(station))
    with bench(tmp_path, system) as station:
        command_picture(station, b"c" * 16)
        station.snapshots.on_picture_taken(taken(station, purpose="requested", command=b"c" * 16))
        assert results(station) == [(b"c" * 16, "done", "")]
        assert len(station.of(BlobAnnounced)) == 1


def test_an_order_that_the_camera_has_no_room_for_is_answered(station: Bench) -> None:
    station.taker.full = True
    command_picture(station, b"c" * 16)
    assert results(station) == [(b"c" * 16, "failed", "camera_busy")]


def test_at_a_random_moment_of_a_duty_window_a_picture_is_taken(station: Bench) -> None:
    """08:30 is the beginning of the window."""
    station.chance = 0.0
    station.snapshots.tick()
    station.system.pass_ms(10_000)
    station.snapshots.tick()
    assert station.taker.asked == [PictureRequest("random")]
    station.snapshots.on_picture_taken(taken(station, purpose="random"))
    assert [(fact.purpose, fact.about) for fact in station.of(BlobAnnounced)] == [("random", None)]


def test_no_random_picture_where_the_village_wants_none(station: Bench) -> None:
    station.accept(desired(version=2, settings={"snapshots": False}))
    station.chance = 0.0
    for _ in range(3):
        station.system.pass_ms(10_000)
        station.snapshots.tick()
    assert station.taker.asked == []


def test_no_random_picture_while_the_time_is_unknown(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        station.chance = 0.0
        for _ in range(3):
            system.pass_ms(10_000)
            station.snapshots.tick()
        assert station.taker.asked == []


def test_nor_where_the_time_that_is_kept_lies_in_a_window(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        station.clock.keep()
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as station:
        station.chance = 0.0
        for _ in range(3):
            system.pass_ms(10_000)
            station.snapshots.tick()
        assert station.taker.asked == []


@pytest.mark.parametrize("suspect", ["black", "covered", "frozen"])
def test_each_thing_that_is_wrong_is_said_at_the_kiosk_after_a_restart_too(
    tmp_path: Path, system: FakeSystemClock, suspect: Suspect
) -> None:
    with bench(tmp_path, system) as station:
        assert station.snapshots.trouble == ""
        station.snapshots.on_picture_taken(taken(station, suspect=suspect))
        said = station.snapshots.trouble
    with bench(tmp_path, system) as station:
        assert station.snapshots.trouble == said != ""


def test_a_camera_that_was_taken_away_for_good_is_no_longer_complained_of(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        station.snapshots.on_picture_taken(taken(station, suspect="black"))
        station.snapshots.on_picture_taken(taken(station, None, problem="no frame"))
    with bench(tmp_path, system, camera=False) as station:
        station.snapshots.tick()
        assert station.snapshots.trouble == ""
        assert {fact.code for fact in station.of(AlarmCleared)} == {"camera_failed", "camera_suspect"}


def test_on_a_full_disk_pictures_go_first_and_the_fact_follows(station: Bench) -> None:
    """Facts matter more: only the pictures' room lets the fact be written."""
    station.blobs.kept[b"e" * 32] = b"old"
    station.blobs.too_many = [b"e" * 32]
    station.outbox.fill_disk()
    station.snapshots.make_room()
    assert station.blobs.kept == {}
    station.outbox.error = None
    station.fact_writer.flush()
    assert [fact.sha256 for fact in station.of(BlobEvicted)] == [b"e" * 32]


def test_on_a_failing_disk_pictures_stay_until_a_fact_can_say_that_they_go(station: Bench) -> None:
    station.blobs.kept[b"e" * 32] = b"old"
    station.blobs.too_many = [b"e" * 32]
    station.outbox.error = StorageFailed("the disk fails")
    station.snapshots.make_room()
    assert station.blobs.kept == {b"e" * 32: b"old"}
