"""Live view: announced before the first frame, kept nowhere, and over when its lease, its data or the link is."""

from pathlib import Path

import msgspec
import pytest

from agent.camera.live_view import FIRST_FRAME_MS, MAX_FAILURES
from agent.events import FrameTaken
from protocol.commands import LiveTerms
from protocol.facts import CommandResult, LiveViewBegan, LiveViewEnded
from protocol.frames import MAX_FRAME_BYTES
from protocol.kiosk import LiveShown
from tests.agent.bench import Bench, bench, desired
from tests.agent.commands.county_commands import command
from tests.fakes.clockwork import FakeSystemClock

COMMAND = b"c" * 16
JPEG = b"\xff\xd8" + bytes(1_000) + b"\xff\xd9"


class FakeWay:
    """A connection that can take a frame, or not."""

    def __init__(self) -> None:
        self.connected = self.frame_free = True
        self.frames_stuck = False
        self.sent: list[tuple[bytes, int, bytes]] = []
        self.ended = 0
        self.expected: list[bool] = []

    def expect_frames(self, expected: bool) -> None:
        self.expected.append(expected)

    def offer_frame(self, command: bytes, number: int, jpeg: bytes) -> bool:
        if self.frame_free:
            self.sent.append((command, number, jpeg))
        return self.frame_free

    def end_frames(self) -> None:
        self.ended += 1


@pytest.fixture
def way() -> FakeWay:
    return FakeWay()


def begin(station: Bench, system: FakeSystemClock, **terms: int) -> None:
    begun = LiveTerms(seconds=60, frames_a_minute=60, viewer="示例镇办")
    live = msgspec.structs.replace(begun, **terms)
    station.commands.execute(command(system, order="live_view", reason="开会", live=live))


def shown(station: Bench) -> list[LiveShown]:
    return [what for _, what in station.recorded.order if isinstance(what, LiveShown)]


def ends(station: Bench) -> list[tuple[str, int]]:
    return [(fact.why, fact.frames) for fact in station.of(LiveViewEnded)]


def answered(station: Bench) -> list[tuple[str, str]]:
    return [(fact.outcome, fact.detail) for fact in station.of(CommandResult)]


def watch(station: Bench, system: FakeSystemClock, way: FakeWay, *, ms: int, jpeg: bytes = JPEG) -> None:
    """Let time pass with a camera that answers at once."""
    for _ in range(ms // 100):
        system.pass_ms(100)
        station.live.tick(way)
        while station.taker.frames:
            station.live.on_frame_taken(FrameTaken(station.taker.frames.pop(), jpeg=jpeg))


def test_a_fact_and_the_announcement_come_before_the_first_frame(
    station: Bench, system: FakeSystemClock, way: FakeWay
) -> None:
    begin(station, system)
    (began,) = station.of(LiveViewBegan)
    assert (began.command, began.issuer, began.viewer, began.reason) == (COMMAND, "operator", "示例镇办", "开会")
    assert began.seconds == 60
    assert shown(station) == [LiveShown(viewer="示例镇办", left_s=60)]
    station.live.tick(way)
    system.pass_ms(FIRST_FRAME_MS - 1)
    station.live.tick(way)
    assert station.taker.frames == []
    system.pass_ms(1)
    station.live.tick(way)
    assert station.taker.frames == [COMMAND]
    assert answered(station) == []


def test_the_lease_ends_by_itself_and_says_what_it_came_to(
    station: Bench, system: FakeSystemClock, way: FakeWay
) -> None:
    begin(station, system)
    watch(station, system, way, ms=59_900)
    sent = len(way.sent)
    assert 55 <= sent <= 59
    assert [number for _, number, _ in way.sent] == list(range(1, sent + 1))
    assert ends(station) == []
    watch(station, system, way, ms=5_000)
    assert ends(station) == [("time", len(way.sent))]
    assert len(way.sent) <= sent + 1
    (result,) = station.of(CommandResult)
    assert (result.outcome, result.detail) == ("done", "time")
    assert result.figures == {"frames": len(way.sent), "bytes": len(way.sent) * len(JPEG), "seconds": 60}
    assert shown(station)[-1] == LiveShown()
    assert way.ended == 1
    assert way.expected == sorted(way.expected, reverse=True), "it holds the connection as long as it runs"
    assert {*way.expected[:sent], way.expected[-1]} == {True, False}


def test_no_more_bytes_than_are_leased(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    begin(station, system, kib=100)
    watch(station, system, way, ms=30_000, jpeg=bytes(40_000))
    assert ends(station) == [("data", 2)]
    assert sum(len(jpeg) for _, _, jpeg in way.sent) <= 100 * 1024


def disconnected(station: Bench, way: FakeWay) -> None:
    way.connected = False


def stuck(station: Bench, way: FakeWay) -> None:
    way.frames_stuck = True


def kiosk_gone(station: Bench, way: FakeWay) -> None:
    station.recorded.watched = False


def run_short_of_data(station: Bench) -> None:
    station.accept(desired(version=2, settings={"data_mb_month": 1}))
    station.moved += 1_000_000
    station.traffic.tick()
    assert station.traffic.puts_off("blobs")


def data_short(station: Bench, way: FakeWay) -> None:
    run_short_of_data(station)


@pytest.mark.parametrize(
    ("happens", "why"),
    [(disconnected, "link"), (stuck, "link"), (kiosk_gone, "kiosk"), (data_short, "data")],
)
def test_it_ends_at_once_when(station: Bench, system: FakeSystemClock, way: FakeWay, happens: object, why: str) -> None:
    begin(station, system)
    watch(station, system, way, ms=5_000)
    sent = len(way.sent)
    happens(station, way)  # type: ignore[operator]
    watch(station, system, way, ms=5_000)
    assert [end[0] for end in ends(station)] == [why]
    assert len(way.sent) == sent
    assert shown(station)[-1] == LiveShown()


@pytest.mark.parametrize(
    "bad", [FrameTaken(COMMAND, problem="dark"), FrameTaken(COMMAND), FrameTaken(COMMAND, bytes(MAX_FRAME_BYTES + 1))]
)
def test_a_camera_that_gives_nothing_ends_it(
    station: Bench, system: FakeSystemClock, way: FakeWay, bad: FrameTaken
) -> None:
    begin(station, system)
    for _ in range(MAX_FAILURES):
        system.pass_ms(2_000)
        station.live.tick(way)
        station.live.on_frame_taken(bad)
    station.live.tick(way)
    assert ends(station) == [("camera", 0)]
    assert answered(station) == [("failed", "camera")]
    assert way.sent == []


def test_a_frame_of_an_earlier_lease_is_passed_over(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    station.live.on_frame_taken(FrameTaken(COMMAND, jpeg=JPEG))
    begin(station, system)
    station.live.on_frame_taken(FrameTaken(b"d" * 16, jpeg=JPEG))
    station.live.tick(way)
    assert way.sent == []


def test_a_frame_that_was_not_sent_goes_with_its_lease(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    """The next live view may be for somebody else, and begins with its own announcement."""
    begin(station, system)
    watch(station, system, way, ms=2_000)
    way.frame_free = False
    station.live.on_frame_taken(FrameTaken(COMMAND, jpeg=b"of the lease before"))
    station.commands.execute(command(system, id=b"d" * 16, order="end_live_view"))
    way.frame_free = True
    way.sent.clear()
    live = LiveTerms(seconds=60, viewer="示例县")
    station.commands.execute(command(system, id=b"e" * 16, order="live_view", live=live))
    station.live.tick(way)
    assert way.sent == []


def test_a_picture_that_comes_ends_a_row_of_failures(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    begin(station, system)
    for number in range(3 * MAX_FAILURES):
        system.pass_ms(2_000)
        station.live.tick(way)
        bad = number % MAX_FAILURES
        station.live.on_frame_taken(FrameTaken(COMMAND, problem="dark") if bad else FrameTaken(COMMAND, jpeg=JPEG))
    station.live.tick(way)
    assert ends(station) == []
    assert len(way.sent) == 3


def test_a_slow_line_gets_fewer_frames_and_none_piles_up(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    begin(station, system)
    watch(station, system, way, ms=3_000)
    way.frame_free = False
    before = len(way.sent)
    watch(station, system, way, ms=20_000)
    assert len(way.sent) == before
    way.frame_free = True
    watch(station, system, way, ms=1_000)
    assert before < len(way.sent) <= before + 2


@pytest.mark.parametrize("reason", ["already_viewed", "no_kiosk", "data_short"])
def test_it_does_not_begin(station: Bench, system: FakeSystemClock, way: FakeWay, reason: str) -> None:
    if reason == "already_viewed":
        begin(station, system)
    station.recorded.watched = reason != "no_kiosk"
    if reason == "data_short":
        run_short_of_data(station)
    station.commands.execute(command(system, id=b"d" * 16, order="live_view"))
    assert answered(station) == [("failed", reason)]
    assert len(station.of(LiveViewBegan)) == (reason == "already_viewed")


def test_what_is_not_recorded_does_not_begin(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    real = station.fact_writer.commit
    begun = station.outbox.commits

    def full_at_the_second(*facts: object, **more: object) -> object:
        if station.outbox.commits > begun:
            station.outbox.fill_disk()
        return real(*facts, **more)  # type: ignore[arg-type]

    station.fact_writer.commit = full_at_the_second  # type: ignore[method-assign, assignment]
    begin(station, system)
    station.outbox.error = None
    station.fact_writer.commit = real  # type: ignore[method-assign]
    station.fact_writer.flush()
    assert [detail.split(":")[0] for _, detail in answered(station)] == ["not_recorded"]
    assert shown(station) == []
    watch(station, system, way, ms=5_000)
    assert way.sent == []


def test_the_county_ends_it_early(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    begin(station, system)
    station.commands.execute(command(system, id=b"d" * 16, order="end_live_view"))
    assert [end[0] for end in ends(station)] == ["county"]
    assert answered(station) == [("failed", "county"), ("done", "")]
    station.commands.execute(command(system, id=b"e" * 16, order="end_live_view"))
    assert len(ends(station)) == 1


def test_a_kiosk_that_comes_is_told(station: Bench, system: FakeSystemClock) -> None:
    station.live.joined(3)
    begin(station, system)
    system.pass_ms(10_500)
    station.live.joined(3)
    assert ("kiosk 3", LiveShown(viewer="示例镇办", left_s=50)) in station.recorded.order
    assert len([who for who, _ in station.recorded.order if who == "kiosk 3"]) == 1


def test_an_agent_that_was_killed_meanwhile_answers_once(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        begin(station, system)
    for _ in range(2):
        with bench(tmp_path, system) as station:
            station.commands.resume(ended_well=False)
            begin(station, system)
            assert [outcome for outcome, _ in answered(station)] == ["failed"]
            assert len(station.of(LiveViewBegan)) == 1


def test_the_agents_own_end_ends_it(station: Bench, system: FakeSystemClock, way: FakeWay) -> None:
    begin(station, system)
    watch(station, system, way, ms=4_000)
    station.live.end("stopped")
    station.live.end("stopped")
    assert [end[0] for end in ends(station)] == ["stopped"]
    assert answered(station) == [("done", "stopped")]
