"""Each message of a kiosk has one room that answers it."""

import pytest

from agent.events import KioskSaid
from agent.kiosk.table import KioskTable
from protocol.kiosk import AskHelp, Sorry, ToAgent
from tests.agent.bench import Bench, Recorded


def test_every_message_of_the_contract_has_a_room(station: Bench) -> None:
    assert set(ToAgent.__value__.__args__) - station.kiosk_table.kinds == set()


def test_what_no_room_does_is_said_and_the_kiosk_is_read_on() -> None:
    recorded = Recorded()
    KioskTable(recorded, []).said(KioskSaid(3, AskHelp(screen="home")))
    assert recorded.order == [("kiosk 3", Sorry(reason="not_here", asked="help")), ("handled", 3)]


def test_two_rooms_for_one_message_are_refused() -> None:
    with pytest.raises(ValueError, match="AskHelp"):
        KioskTable(Recorded(), [{AskHelp: lambda kiosk, message: None}, {AskHelp: lambda kiosk, message: None}])
