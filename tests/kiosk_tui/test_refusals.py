"""A refusal of the agent names what was asked, and only the place that asked it says that it did not work."""

import pytest

from kiosk_tui.terminal.keys import Key
from protocol.kiosk import ToAgent, decode_from_agent
from tests.kiosk_tui.rig import ASKED, PIN, RECEIPT, OpenKiosk

type Asking = tuple[str, tuple[Key, ...]]
"""A state of a kiosk, and the keys that make a place there ask the agent for something."""

KINDS = [kind.__struct_config__.tag for kind in ToAgent.__value__.__args__]
ASKINGS: list[tuple[Asking, set[str]]] = [
    (("visit", ("1",)), {"open_month"}),
    (("visit-month", ("6", "1", "1", "1", "1")), {"make_request"}),
    (("visit", ("2",)), {"open_requests"}),
    (("visit-requests", ("1", "1", "1")), {"withdraw"}),
    (("visit-with-phone", ("3",)), {"show_phone_code"}),
    (("home", ("3",)), {"open_map"}),
    (("map", ("1",)), {"open_pack"}),
    (("pack", ("1",)), {"open_level"}),
    (("visit-map", ("enter",)), {"open_review"}),
    (("visit-pack-menu", ("enter",)), {"choose_pack"}),
    (("question-single", ("2",)), {"answer"}),
    (("marked-right", ("enter",)), {"next"}),
    (("home", ASKED), {"give_feedback"}),
    (("home", ("5", "2", *RECEIPT, "enter")), {"follow_up"}),
    (("follow-answered", ("4",)), {"rate_answer"}),
    (("entry-judged", ()), {"enter_number"}),
    (("entry-again", PIN), {"set_pin"}),
    (("home", ("9", "1")), {"help"}),
]


def _changes(asking: Asking, refused: str) -> bool:
    """Tell whether a screen changes once the agent has refused a kind of message."""
    state, keys = asking
    kiosk = OpenKiosk(state)
    kiosk.press(*keys)
    before = kiosk.flow.view()
    # Of these two every place says something.
    reason = "unknown_run" if state.startswith("marked") else "too_many"
    line = f'{{"type":"sorry","reason":"{reason}","asked":"{refused}"}}\n'
    kiosk.flow.agent_said(decode_from_agent(line.encode()))
    return kiosk.flow.view() != before


@pytest.mark.parametrize(("asking", "asks"), ASKINGS, ids=[next(iter(asks)) for _, asks in ASKINGS])
def test_a_place_takes_only_a_refusal_of_what_it_asked(asking: Asking, asks: set[str]) -> None:
    assert {kind for kind in KINDS if _changes(asking, kind)} == asks


@pytest.mark.parametrize("asking", [asking for asking, _ in ASKINGS])
def test_an_agent_of_an_earlier_version_does_not_say_what_it_refuses(asking: Asking) -> None:
    assert _changes(asking, "")


def test_a_refused_call_for_help_is_not_the_months() -> None:
    kiosk = OpenKiosk("visit-month")
    before = kiosk.flow.view()
    kiosk.press("9", "1")
    kiosk.flow.agent_said(decode_from_agent(b'{"type":"sorry","reason":"too_many","asked":"help"}\n'))
    kiosk.press("0")
    assert kiosk.flow.view() == before
