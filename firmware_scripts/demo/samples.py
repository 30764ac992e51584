"""What a village has to show besides documents: notices, whom to telephone, and a question with its answer.

All of it goes the way of real ones: the question is asked at the kiosk's socket, the rest is typed into the console by
two accounts, because what one person writes another one publishes.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from firmware_scripts.demo.cast import TOWNSHIP
from firmware_scripts.demo.kiosk_line import ask
from firmware_scripts.demo.officer import Officer
from firmware_scripts.demo.processes import wait_until
from protocol.china_time import CHINA
from protocol.kiosk_documents import OpenShelf, ShelfShown
from protocol.kiosk_feedback import FeedbackTaken, FollowedUp, FollowUp, GiveFeedback
from protocol.kiosk_find import Found, Search
from protocol.kiosk_notices import AskNotices, NoticesShown

ANSWER = "示例答复：路灯已经找人修好，晚上会亮。"
PHONE = "000-0000"
POLICY_LETTERS = "925"
"""The keys of y, b and j, with which 医保缴费 begins: by these the sample policy is found."""
_CONTACT = "示例镇值班室"
_NOTICES = (
    ("示例：后天上午停电两小时", "power_cut", "后天上午九点到十一点检修线路，全村停电。这是示例，不是真的通知。"),
    ("示例：本周六村里赶集", "market", "本周六早上在村部门前赶集，请把车停在路边。这是示例，不是真的通知。"),
)
NOTICES = tuple(line for line, _, _ in _NOTICES)
_DAYS = 300
BOARD_SWITCHES = ("duty_board_names", "duty_board_presence")
_IN_TIME_S = 120


def give_samples(writer: Officer, publisher: Officer, *, kiosks: list[Path]) -> str:
    """Write and publish the samples, and return the receipt number of the question at the first kiosk.

    Args:
        writer: Writes notices for the township.
        publisher: Another account, which publishes them and answers questions.
        kiosks: The agents' sockets of stations that are connected to the county.

    Raises:
        NotInTime: A station does not show them.
        NotTaken: The console did not take them.
    """
    publisher.send(f"/contacts/{TOWNSHIP}/", name=_CONTACT, phone=PHONE)
    for line, kind, text in _NOTICES:
        written = writer.send("/published/notice/", **_notice(line, kind, text), step="submit")
        publisher.send(f"{written}publish/")
    number = ask(kiosks[0], GiveFeedback(topic="lamps", matter="broken"), FeedbackTaken).number
    asked = wait_until(lambda: _found(publisher, number), what="the question at the console", timeout_s=_IN_TIME_S)
    publisher.send(f"{asked}answer/", text=ANSWER)
    for kiosk in kiosks:
        _wait_for_shelf(kiosk)
    wait_until(
        lambda: ask(kiosks[0], FollowUp(number=number), FollowedUp).state == "answered",
        what="the answer at the kiosk",
        timeout_s=_IN_TIME_S,
        every_s=0.5,
    )
    return number


def show_the_boards(asks: Officer, agrees: Officer) -> None:
    """Have two people of the county decide that boards show who is on duty and who is there.

    Raises:
        NotTaken: The console did not take it.
    """
    for code in BOARD_SWITCHES:
        asks.send(f"/compliance/{code}/", act="ask", reason="示例：村民代表会议议定公开")
        agrees.send(f"/compliance/{code}/", act="agree", reason="示例：会议纪要第 1 号")


def _notice(line: str, kind: str, text: str) -> dict[str, str]:
    today = datetime.now(CHINA).date()
    return {
        **{"line": line, "kind": kind, "text": text, "source": "示例镇人民政府", "owner": _CONTACT},
        **{"region": TOWNSHIP, "first_day": str(today), "last_day": str(today + timedelta(days=_DAYS))},
    }


def _found(officer: Officer, number: str) -> str:
    """Return the path of the question with a number, or an empty string while the county does not have it."""
    found = re.search(r'href="(/feedback/\d+/)"', officer.page(f"/feedback/?state=all&number={number}"))
    return found[1] if found else ""


def _wait_for_shelf(kiosk: Path) -> None:
    """Wait until documents, notices and what finds them are at a station."""

    def found() -> bool:
        here = ask(kiosk, Search(digits=POLICY_LETTERS), Found)
        return bool(here.hits) and here.ready

    there: dict[str, Callable[[], bool]] = {
        "documents": lambda: ask(kiosk, OpenShelf(what="all"), ShelfShown).total > 0,
        "notices": lambda: len(ask(kiosk, AskNotices(), NoticesShown).notices) >= len(_NOTICES),
        "the policy that is found by its letters": found,
    }
    for what, is_there in there.items():
        wait_until(is_there, what=f"{what} at {kiosk.parent.name}", timeout_s=_IN_TIME_S, every_s=0.5)
