"""The core handles events in order and touches together, feeds the watchdog, and starts and ends in good order."""

from pathlib import Path

import pytest

from agent.clocking.desk import FLOOD_SHOWN_EVERY_MS
from agent.events import (
    AlarmSeen,
    KioskJoined,
    KioskLeft,
    KioskSaid,
    LinkUp,
    MachineSeen,
    NtpRead,
    PackFetched,
    PictureTaken,
    ReaderReady,
    RenewalEnded,
    StopAsked,
    StrangeKeyboard,
    TimeHinted,
)
from agent.kiosk.home_publisher import AT_LEAST_EVERY_MS, AT_MOST_EVERY_MS
from agent.ports import HintRead, NtpState
from agent.station.core import FAREWELL_MS, MAX_TOGETHER, MAX_WAITING, NotStarted
from protocol.facts import (
    AlarmRaised,
    BlobAnnounced,
    Booted,
    ClockCorrected,
    HelpAsked,
    ReaderLost,
    ShutDown,
    Touch,
    WindowClosed,
)
from protocol.health import Machine
from protocol.kiosk import (
    AskHelp,
    ChooseDirection,
    Home,
    KeepDirection,
    Sorry,
)
from protocol.kiosk_documents import DocumentGone, OpenDocument
from protocol.kiosk_learning import NextQuestion, OpenLevel
from protocol.kiosk_status import AskStatus, Status
from protocol.receipts import Receipt
from protocol.units import LAST_WALL_MS
from tests.agent.bench import CROWD, LI, STATION, STRANGER, ZHANG, Bench, bench, crowd
from tests.agent.kiosk.test_documents import document, publish
from tests.agent.station.running import Running, touches
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, FakeSystemClock


def test_commit_lamp_kiosk_picture_uplink(running: Running) -> None:
    running.take(*touches(ZHANG))
    assert [who for who, _ in running.order][:5] == ["commit", "lamp", "kiosk", "picture", "uplink"]


def test_waiting_touches_are_committed_together_in_their_order(running: Running) -> None:
    running.take(*touches(ZHANG, LI, STRANGER))
    assert running.station.outbox.commits == 1
    assert [touch.answer for touch in running.station.of(Touch)] == ["recorded", "recorded", "unknown"]


def test_other_events_keep_their_place_between_touches(running: Running) -> None:
    running.take(*touches(ZHANG), KioskSaid(kiosk=1, message=AskHelp(screen="home")), *touches(LI))
    kinds = [type(fact) for fact in running.station.facts()]
    assert kinds[-3:] == [Touch, HelpAsked, Touch]


def test_1000_touches_at_once_lose_no_green(running: Running) -> None:
    running.station.accept(crowd(1000, version=2))
    running.take(*touches(*CROWD))
    lit = [fact for colour, fact in running.station.indicator.shown if colour == "green"]
    assert len(set(lit)) == 1000
    assert len(running.station.of(Touch)) == 1000
    assert running.station.outbox.commits <= 1000 / MAX_TOGETHER + 1


def test_a_flood_is_refused_in_red_and_the_rest_is_recorded(running: Running, system: FakeSystemClock) -> None:
    running.take(*touches(*[ZHANG] * (MAX_WAITING + 500)))
    lit = [colour for colour, _ in running.station.indicator.shown]
    assert len(running.station.of(Touch)) == lit.count("green") >= MAX_WAITING - MAX_TOGETHER
    system.pass_ms(FLOOD_SHOWN_EVERY_MS)
    running.take(*touches(*[ZHANG] * (MAX_WAITING + 500)))
    problems = {shown.problem for shown in running.station.recorded.touches}
    assert problems == {"", "too_fast"}


def test_in_a_flood_everybody_else_is_green(running: Running) -> None:
    running.station.accept(crowd(1000, version=2))
    flood = [STRANGER] * 300
    running.take(*touches(*[uid for person in CROWD[:20] for uid in (*flood, person)]))
    answers = [touch.answer for touch in running.station.of(Touch)]
    assert answers.count("recorded") == 20
    assert answers.count("unknown") == 1


def test_the_watchdog_is_fed_by_the_loop(running: Running, system: FakeSystemClock) -> None:
    for _ in range(3):
        running.core.step(timeout_s=0)
        system.pass_ms(10_000)
    assert running.told.told == ["WATCHDOG=1"] * 3


def test_start_and_end_in_good_order(running: Running) -> None:
    running.uplink.state = "offline"
    for event in (*touches(ZHANG), StopAsked(reason="test"), *touches(LI)):
        running.station.inbox.put(event)
    running.core.run()
    kinds = [type(fact) for fact in running.station.facts()]
    assert kinds == [kinds[0], Booted, Touch, Touch, ShutDown]
    devices = [(who, what) for who, what in running.order if who in ("start", "stop")]
    assert devices == [("start", "camera"), ("start", "reader"), ("stop", "reader"), ("stop", "camera")]
    assert running.told.told[0] == "READY=1"
    assert running.told.told[-1] != "READY=1"
    assert "STOPPING=1" in running.told.told
    assert running.uplink.gone == ["shutdown"]


def test_a_device_that_does_not_start_stops_the_others(running: Running) -> None:
    running.sources[1].fails = True
    with pytest.raises(NotStarted):
        running.core.run()
    assert [what for who, what in running.order if who == "stop"] == ["camera"]


def test_people_at_the_kiosk_are_told_what_they_can_do_about_the_camera(
    running: Running, system: FakeSystemClock
) -> None:
    sha256 = running.station.blobs.write(b"x")
    said: list[str] = []
    for event in (
        PictureTaken(about=None, purpose="random", sha256=sha256, size=1, spooled="a.jpg", suspect="covered"),
        PictureTaken(about=None, purpose="random", sha256=None, problem="no USB camera is plugged in"),
        PictureTaken(about=None, purpose="random", sha256=sha256, size=1, spooled="b.jpg", suspect=""),
    ):
        running.take(event)
        system.pass_ms(AT_MOST_EVERY_MS)
        running.core.step(timeout_s=0)
        said.append(running.homes()[-1].trouble)
    assert said == ["camera_covered", "camera_failed", ""]


def test_people_at_the_kiosk_are_told_of_a_strange_keyboard(running: Running, system: FakeSystemClock) -> None:
    said: list[str] = []
    for there in (True, False):
        running.take(StrangeKeyboard(there))
        system.pass_ms(AT_MOST_EVERY_MS)
        running.core.step(timeout_s=0)
        said.append(running.homes()[-1].trouble)
    assert said == ["strange_keyboard", ""]


def test_people_at_the_kiosk_are_told_that_one_of_two_readers_is_gone(
    running: Running, system: FakeSystemClock
) -> None:
    said: list[tuple[bool, str]] = []
    hall, desk = "门口", "桌上"
    for reader, ready in ((hall, True), (desk, True), (desk, False), (hall, False), (desk, True), (hall, True)):
        running.take(ReaderReady(reader, ready))
        system.pass_ms(AT_MOST_EVERY_MS)
        running.core.step(timeout_s=0)
        said.append((running.homes()[-1].reader_ready, running.homes()[-1].trouble))
    gone = (True, "one_reader_gone")
    assert said == [(True, ""), (True, ""), gone, (False, ""), gone, (True, "")]


def test_home_is_sent_at_each_change_but_not_more_than_so_often(running: Running, system: FakeSystemClock) -> None:
    running.core.step(timeout_s=0)
    assert len(running.homes()) == 1
    running.take(*touches(ZHANG), *touches(LI))
    assert len(running.homes()) == 1
    system.pass_ms(AT_MOST_EVERY_MS)
    running.core.step(timeout_s=0)
    home = running.homes()[-1]
    assert len(running.homes()) == 2
    assert home.waiting == 2
    assert {row.name: row.arrived for row in home.duty if row.window == "am"} == {"张示例": 510, "李示例": 510}
    system.pass_ms(AT_LEAST_EVERY_MS)
    running.core.step(timeout_s=0)
    assert len(running.homes()) == 3


def test_a_kiosk_that_joins_gets_the_home_at_once(running: Running) -> None:
    running.take(KioskJoined(kiosk=4), KioskLeft(kiosk=4))
    assert running.order[0][0] == "kiosk 4"
    assert isinstance(running.order[0][1], Home)


def test_at_a_kiosk_that_left_nobody_reads_any_more(running: Running) -> None:
    publish(running.station, "money", 1, document())
    asked = OpenDocument(bundle="money", document="a")
    running.take(KioskSaid(kiosk=1, message=asked), KioskSaid(kiosk=2, message=asked), KioskLeft(kiosk=1))
    publish(running.station, "money", 2, document())
    running.station.kiosk.documents.look()
    assert [who for who, what in running.order if isinstance(what, DocumentGone)] == ["kiosk 2"]


def test_what_kiosks_ask_is_answered_and_acknowledged(running: Running) -> None:
    running.take(
        KioskSaid(kiosk=2, message=OpenLevel(pack="none", level="1")),
        KioskSaid(kiosk=2, message=NextQuestion(run="00")),
    )
    assert running.station.recorded.answers == [
        Sorry(reason="no_such_level", asked="open_level"),
        Sorry(reason="unknown_run", asked="next"),
    ]
    assert [what for who, what in running.order if who == "handled"] == [2, 2]


def test_a_kiosk_chooses_a_direction_and_takes_it_back(running: Running) -> None:
    running.take(*touches(ZHANG, ZHANG))
    touch = running.station.recorded.touches[-1].touch
    assert touch is not None
    running.take(KioskSaid(kiosk=2, message=ChooseDirection(touch=touch, direction="out")))
    assert running.station.recorded.touches[-1].chosen == "out"
    running.take(KioskSaid(kiosk=3, message=KeepDirection(touch=touch)))
    assert running.station.recorded.touches[-1].chosen is None
    assert [what for who, what in running.order if who == "handled"] == [2, 3]


def test_help_is_stated_once_however_often_9_is_pressed(running: Running, system: FakeSystemClock) -> None:
    running.take(*[KioskSaid(kiosk=1, message=AskHelp(screen="home"))] * 50)
    assert [fact.screen for fact in running.station.of(HelpAsked)] == ["home"]
    system.pass_ms(10_000)
    running.take(KioskSaid(kiosk=1, message=AskHelp(screen="learn")))
    assert len(running.station.of(HelpAsked)) == 2


def test_every_kind_of_event_has_its_place(running: Running) -> None:
    up = LinkUp(attempt=1)
    running.take(
        ReaderReady(reader="fake", ready=False),
        AlarmSeen(code="unknown_keyboard", severity="major", detail="USB dead:beef"),
        PictureTaken(about=None, purpose="touch", sha256=running.station.blobs.write(b"x"), size=1, spooled="x.jpg"),
        up,
        PackFetched(sha256=bytes(32), file=None, problem="x"),
        RenewalEnded(problem="x"),
        RenewalEnded(),
    )
    assert running.uplink.heard == [up]
    assert [(fact.code, fact.severity, fact.detail) for fact in running.station.of(AlarmRaised)] == [
        ("unknown_keyboard", "major", "USB dead:beef")
    ]
    assert len(running.station.of(ReaderLost)) == len(running.station.of(BlobAnnounced)) == 1


def test_a_well_time_service_dates_the_boot(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        running = Running(station, system)
        system.synced = True
        running.take(NtpRead(NtpState("chrony", "no server"), system.mono))
        assert not station.clock.dated
        system.pass_ms(MINUTE_MS)
        running.take(NtpRead(NtpState("chrony", ""), system.mono))
        assert [fact.source for fact in station.of(ClockCorrected)] == ["ntp"]


def test_what_is_wrong_with_an_rtc_is_an_alarm(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        running = Running(station, system)
        running.take(TimeHinted("rtc", HintRead(None, "电池没电，时间已失效"), system.mono))
        running.take(TimeHinted("rtc", HintRead(0, ""), system.mono))
        alarms = [(alarm.code, alarm.severity) for alarm in station.of(AlarmRaised)]
        assert alarms == [("rtc_failed", "minor"), ("rtc_implausible", "minor")]
        assert station.clock.now().quality == "unknown"


def test_chores_close_windows_and_prune_once_a_day(running: Running, system: FakeSystemClock) -> None:
    for _ in range(49):
        running.core.step(timeout_s=0)
        system.pass_ms(HOUR_MS)
    assert [fact.window for fact in running.station.of(WindowClosed)] == ["am", "pm"] * 2
    assert running.station.outbox.prunes == 2


def ended(running: Running) -> tuple[int, int]:
    """End the station in good order. Return for how long it waited after its last fact, and how many facts waited."""
    running.station.inbox.put(StopAsked(reason="test"))
    running.core.run()
    [stopped] = running.station.of(ShutDown)
    assert running.uplink.gone == ["shutdown"]
    assert running.uplink.gone_ms is not None
    return running.uplink.gone_ms - stopped.at.mono, running.station.outbox.waiting


def test_the_end_waits_for_the_receipt_of_the_last_fact(running: Running, system: FakeSystemClock) -> None:
    outbox = running.station.outbox

    def answer_after_300_ms() -> None:
        system.pass_ms(100)
        stopped = running.station.of(ShutDown)
        if stopped and system.mono - stopped[0].at.mono >= 300:
            outbox.take_receipt(
                Receipt(station=STATION, epoch=outbox.epoch, through=outbox.through, head=outbox.head, generation=1)
            )

    running.uplink.state, running.uplink.on_tick = "connected", answer_after_300_ms
    assert ended(running) == (300, 0)


def test_the_end_does_not_wait_for_long_for_a_county_that_is_silent(running: Running, system: FakeSystemClock) -> None:
    running.uplink.state, running.uplink.on_tick = "connected", lambda: system.pass_ms(100)
    waited_ms, waiting = ended(running)
    assert FAREWELL_MS <= waited_ms <= FAREWELL_MS + 100
    assert waiting > 0


def test_the_end_waits_for_nobody_without_a_connection(running: Running, system: FakeSystemClock) -> None:
    running.uplink.state, running.uplink.on_tick = "offline", lambda: system.pass_ms(100)
    waited_ms, waiting = ended(running)
    assert waited_ms == 0
    assert waiting > 0


def test_a_technicians_program_is_told_how_the_station_is(running: Running) -> None:
    running.take(MachineSeen(state=Machine(temperature_c=55)), KioskSaid(kiosk=7, message=AskStatus()))
    [status] = [what for who, what in running.order if who == "kiosk 7"]
    assert isinstance(status, Status)
    assert status.health == running.station.health.current()
    assert (status.station, status.link, status.screen) == ("test-0001", "connecting", True)
    assert ("handled", 7) in running.order
    assert running.station.health.current().machine.temperature_c == 55


def test_a_station_at_the_last_time_that_is_believed_goes_on(running: Running, system: FakeSystemClock) -> None:
    assert running.station.county_told(LAST_WALL_MS)
    running.station.touch(ZHANG)
    for _ in range(3):
        running.core.step(timeout_s=0)
        system.pass_ms(2 * 86_400_000)
    assert running.homes()[-1].wall > LAST_WALL_MS


def test_cameras_start_before_readers_and_the_kiosks_come_last(station: Bench) -> None:
    kinds = [type(source).__name__ for source in station.parts.sources]
    assert kinds[-1] == "Recorded"
    assert kinds.index("FakeTaker") < kinds.index("WatchedReader")
