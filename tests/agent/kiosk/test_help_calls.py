"""A call for help is told by what is known of it: recorded, with the county, seen by somebody."""

from pathlib import Path

import msgspec

from agent.kiosk.help_calls import HELP_EVERY_MS, SEEN_SHOWN_MS, UNSEEN_SHOWN_MS
from protocol.facts import HelpAsked
from protocol.kiosk import AskHelp, Sorry
from protocol.kiosk_feedback import HelpContact, HelpState
from protocol.twin import Contact, HelpSeen
from protocol.units import FactRef
from tests.agent.bench import Bench, bench, desired
from tests.fakes.clockwork import FakeSystemClock

CALL = AskHelp(screen="home")
CONTACT = Contact(name="王示例", phone="000-12345678")


def shown(station: Bench) -> HelpState | None:
    return station.home.current().help


def see(station: Bench, *, seq: int, version: int = 2) -> None:
    """Have the county tell that somebody has seen the call with this seq."""
    asked = FactRef(epoch=station.outbox.epoch, seq=seq)
    seen = HelpSeen(asked=asked, seen=station.system.wall, by="示例镇 王示例")
    station.accept(msgspec.structs.replace(desired(version=version), help=seen, contact=CONTACT))


def test_a_call_is_recorded_then_sent_then_seen_and_then_no_longer_shown(
    station: Bench, system: FakeSystemClock
) -> None:
    assert shown(station) is None
    asked = system.wall
    station.ask(CALL)
    assert shown(station) == HelpState(asked=asked)
    station.receipted()
    assert shown(station) == HelpState(asked=asked, sent=True)
    system.pass_ms(60_000)
    see(station, seq=station.outbox.through)
    assert shown(station) == HelpState(asked=asked, sent=True, seen=system.wall, by="示例镇 王示例")
    assert station.home.current().contact == HelpContact(name="王示例", phone="000-12345678")
    system.pass_ms(SEEN_SHOWN_MS)
    assert shown(station) is None


def test_a_later_call_is_seen_only_by_whoever_saw_it(station: Bench, system: FakeSystemClock) -> None:
    station.ask(CALL)
    first = station.outbox.through
    system.pass_ms(HELP_EVERY_MS)
    station.ask(CALL)
    see(station, seq=first)
    state = shown(station)
    assert state is not None
    assert not state.seen
    system.pass_ms(UNSEEN_SHOWN_MS)
    assert shown(station) is None


def test_a_call_that_the_disk_did_not_take_is_said_and_can_be_made_again(station: Bench) -> None:
    station.outbox.fill_disk()
    assert station.ask(CALL) == [Sorry(reason="not_recorded", asked="help")]
    assert shown(station) is None
    station.outbox.error = None
    assert station.ask(CALL) == []
    assert len(station.of(HelpAsked)) == 1


def test_a_restart_remembers_the_call_once_the_time_is_known(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        asked = system.wall
        station.ask(CALL)
    with bench(tmp_path, system) as station:
        assert shown(station) == HelpState(asked=asked)
