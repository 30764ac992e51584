"""Pictures after the green light: announced by a fact, never a condition."""

from pathlib import Path

import pytest

from agent.events import PictureTaken
from agent.outbox import OutboxBroken
from agent.snapshots import MAX_REQUESTED, parse_spool_name, spool_name
from protocol.facts import AlarmRaised, BlobAnnounced, BlobEvicted, BlobPurpose, CommandResult
from protocol.units import FactRef
from tests.agent.bench import Bench, desired

REF = FactRef(epoch=bytes(range(16)), seq=7)
JPEG = b"\xff\xd8 picture \xff\xd9"


def taken(
    station: Bench, jpeg: bytes | None = JPEG, *, purpose: BlobPurpose = "touch", problem: str = ""
) -> PictureTaken:
    """Return what the camera's worker says: the picture is written, or why there is none."""
    about = REF if purpose == "touch" else None
    sha256 = station.blobs.write(jpeg) if jpeg else None
    return PictureTaken(
        about=about, purpose=purpose, sha256=sha256, size=len(jpeg or b""), problem=problem, spooled="x.jpg"
    )


def test_a_picture_is_on_disk_then_a_fact_then_out_of_the_spool(station: Bench) -> None:
    station.snapshots.touch_recorded(REF)
    assert station.taker.asked == [("touch", REF)]
    station.snapshots.taken(taken(station))
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
    station.snapshots.taken(taken(station))
    station.snapshots.recall([(REF, fact) for fact in station.facts()])
    station.snapshots.taken(taken(station))
    assert len(station.of(BlobAnnounced)) == 1
    assert station.taker.over == ["x.jpg", "x.jpg"]


def test_nor_is_it_sent_twice(station: Bench) -> None:
    station.snapshots.taken(taken(station))
    station.snapshots.recall([(REF, fact) for fact in station.facts()])
    station.blobs.kept.clear()
    station.snapshots.taken(taken(station))
    assert (station.blobs.kept, station.blobs.written) == ({}, {})


def test_a_picture_that_was_evicted_meanwhile_comes_again(station: Bench) -> None:
    event = taken(station)
    station.blobs.written.clear()
    station.snapshots.taken(event)
    assert (station.taker.over, station.taker.back) == ([], ["x.jpg"])
    assert station.of(BlobAnnounced) == []
    station.snapshots.taken(taken(station))
    assert len(station.of(BlobAnnounced)) == 1


def test_what_a_run_announces_does_not_pile_up(station: Bench) -> None:
    for number in range(20):
        station.snapshots.taken(taken(station, bytes([number])))
    assert len(station.of(BlobAnnounced)) == 20
    assert station.snapshots._announced == set()


def test_room_is_made_and_stated(station: Bench) -> None:
    station.blobs.too_many = [b"e" * 32]
    station.snapshots.taken(taken(station))
    assert [(fact.sha256, fact.reason) for fact in station.of(BlobEvicted)] == [(b"e" * 32, "disk")]


def test_on_a_full_disk_the_picture_waits_in_the_spool(station: Bench) -> None:
    station.snapshots.command(b"c" * 16)
    station.outbox.fill_disk()
    station.blobs.too_many = [b"e" * 32]
    station.snapshots.taken(taken(station, purpose="requested"))
    assert station.blobs.kept == {}
    assert (station.taker.over, station.taker.back) == ([], ["x.jpg"])
    station.outbox.error = None
    station.snapshots.taken(taken(station, purpose="requested"))
    assert station.taker.over == ["x.jpg"]
    assert [fact.sha256 for fact in station.of(BlobEvicted)] == [b"e" * 32]
    assert len(station.of(BlobAnnounced)) == 1
    assert [(fact.command, fact.outcome) for fact in station.of(CommandResult)] == [(b"c" * 16, "done")]


def test_a_failing_camera_alarms_once_until_it_works_again(station: Bench) -> None:
    for jpeg in (None, None, JPEG, None):
        station.snapshots.taken(taken(station, jpeg, problem="no frame"))
    assert [fact.code for fact in station.of(AlarmRaised)] == ["camera_failed", "camera_failed"]
    assert not station.snapshots.camera_ready


def test_a_requested_picture_answers_its_command(station: Bench) -> None:
    assert station.snapshots.command(b"c" * 16) == ""
    assert station.snapshots.command(b"d" * 16) == ""
    station.snapshots.taken(taken(station, purpose="requested"))
    station.snapshots.taken(taken(station, None, purpose="requested", problem="no frame"))
    results = [(fact.command, fact.outcome, fact.detail) for fact in station.of(CommandResult)]
    assert results == [(b"c" * 16, "done", ""), (b"d" * 16, "failed", "camera: no frame")]
    assert [fact.purpose for fact in station.of(BlobAnnounced)] == ["requested"]


def test_too_many_requests_are_refused(station: Bench) -> None:
    reasons = [station.snapshots.command(bytes([n]) * 16) for n in range(MAX_REQUESTED + 1)]
    assert reasons[-1]
    assert not any(reasons[:-1])


@pytest.mark.parametrize("about", [REF, None])
def test_the_spools_names_say_what_they_are(about: FactRef | None) -> None:
    assert parse_spool_name(Path(spool_name("touch", about, "ab12"))) == ("touch", about)


@pytest.mark.parametrize(
    "name",
    [
        "x.jpg",
        "touch-zz-1-a.jpg",
        "touch-00-1-a.jpg",
        f"touch-{'00' * 16}-0-a.jpg",
        "window-none-0-a.jpg",
        "touch-none-0-a.png",
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
    station.outbox.error = OutboxBroken("the disk fails")
    station.snapshots.taken(taken(station))
    assert b"e" * 32 in station.blobs.kept
