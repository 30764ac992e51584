"""A meeting of the walk's village: announced at the console, signed in to and vouched at by keys and cards.

Everybody of the village is expected, and the first of them is in the chair.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import TOWNSHIP, CastPerson, CastStation
from firmware_scripts.demo.kiosk_line import ask
from firmware_scripts.demo.officer import Officer
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.walk.walker import Walker
from kiosk_tui.words import meetings as words_meetings
from kiosk_tui.words import visits as words_visits
from protocol.china_time import CHINA
from protocol.kiosk import Home
from protocol.kiosk_status import AskStatus

_TITLE = "示例支部党员大会"
_ACCOUNT = "walk-officer"
_LASTS = timedelta(hours=6)
_IN_TIME_S = 120
_SIGNED_IN = (f"会议已签到：{_TITLE}", f"您早已签到：{_TITLE}")
_QUORUM = "法定人数"


def announce(bench: Bench) -> None:
    """Announce the meeting for the village of the first station, and wait until that station has it.

    Raises:
        NotInTime: The station does not have it.
        NotTaken: The console did not take it.
    """
    station = bench.stations[0]
    bench.county.tool("account", _ACCOUNT, "--role", "officer", "--region", TOWNSHIP)
    officer = Officer(bench.county.tool("sign-in-link", _ACCOUNT), Path(bench.county.where()["ca"]))
    whose = f"r{station.cast.village}"
    people = _people(officer, whose, station.cast)
    begin = datetime.now(CHINA) + timedelta(minutes=20)
    officer.send(
        "/meetings/add/",
        **{"of": whose, "kind": "members", "title": _TITLE, "place": "示例活动室", "chair": people[0]},
        **{"rule": "more_than", "numerator": "1", "denominator": "2", "stations": station.cast.id},
        **{"begin": f"{begin:%Y-%m-%dT%H:%M}", "end": f"{begin + _LASTS:%Y-%m-%dT%H:%M}"},
        **{"listed": people, "expected": people, "voters": people},
        **{"item": "", "item_title": "示例事项", "item_options": "同意、不同意"},
    )
    wait_until(
        lambda: any(one.count is not None for one in ask(station.kiosk_socket, AskStatus(), Home).meetings),
        what=f"the meeting at {station.cast.id}",
        timeout_s=_IN_TIME_S,
        every_s=0.5,
    )


def _people(officer: Officer, whose: str, station: CastStation) -> list[str]:
    """Return the keys of the village's people, in the order of their numbers."""
    numbers = "%20".join(one.number for one in station.people)
    page = officer.page(f"/meetings/new/?of={whose}&kind=members&pick=&names={numbers}")
    return re.findall(r'name="listed" value="(\d+)"', page)


def sign_in_meeting(walker: Walker, person: CastPerson) -> None:
    """Sign in by a touch, whose screen says the quorum, and look at the meeting."""
    walker.touch(person.uid, *_SIGNED_IN)
    walker.see(_QUORUM)
    walker.press("1", words_visits.KEY_MINE, words_visits.VISIT_HELLO["card"])
    _open_meeting(walker)
    walker.see(_QUORUM)


def vouch(walker: Walker, person: CastPerson) -> None:
    """Have the chair enter somebody who has no card with them, touch, and vouch for them by one key."""
    station = walker.station.cast
    chair = station.people[0]
    walker.touch(chair.uid, *_SIGNED_IN)
    walker.press("1", words_visits.KEY_MINE, words_visits.VISIT_HELLO["card"])
    _open_meeting(walker)
    enter = words_meetings.ENTER_WITHOUT_CARD
    walker.press(walker.number_of(enter), enter, words_meetings.CHOOSE_PERSON)
    number, name = _somebody_else(walker, (chair, person))
    walker.press(number, name, words_meetings.entered(name))
    walker.touch(person.uid, words_meetings.asks_to_vouch(name))
    walker.press("2", words_meetings.VOUCH, words_meetings.VOUCHED)


def _open_meeting(walker: Walker) -> None:
    meeting = words_visits.VISIT_CAN["meeting"]
    walker.press(walker.number_of(meeting), meeting, *(f"{own} " for own in words_meetings.OWN.values()))


def _somebody_else(walker: Walker, here: tuple[CastPerson, CastPerson]) -> tuple[str, str]:
    """Return the number and the name of the first on the screen who is neither the chair nor the one who vouches."""
    for one in walker.station.cast.people:
        if one not in here and (number := walker.number_if_there(one.name)):
            return number, one.name
    raise NotInTime("nobody is left who could be entered")
