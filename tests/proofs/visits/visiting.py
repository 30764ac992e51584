"""Visits of seeded people, and what is left of each at both kiosks after its end."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import cast

from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import HomeView, VisitView
from tests.proofs.visits.office import PEOPLE, PIN, KioskDesk, Office, name_of, number_of

ENDS = ("key", "time", "card", "agent killed", "kiosk killed")
SETTLED_S = 16
"""No result of a touch stays longer on a screen."""
DRAWN_EVERY = 10
"""So many visits are drawn once at each of their steps; of all the others what the flow holds is read."""


@dataclass
class Visited:
    """What came of the visits."""

    visits: int = 0
    by: dict[str, int] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    drawn: int = 0
    canaries_after: int = 0
    foreign_lines: int = 0
    """Lines about a visit that went to another kiosk than its own."""
    stuck: int = 0
    """Ends after which a kiosk did not stand at home."""
    examples: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        if len(self.examples) < 20:
            self.examples.append(what)


async def visit_all(folder: Path, *, visits: int, seed: int, drawn_every: int = DRAWN_EVERY) -> Visited:
    """Have so many visits, and look after each."""
    random, found = Random(seed), Visited()
    async with Office(folder) as office:
        for number in range(visits):
            await _one(office, random, found, draw=number % drawn_every == 0)
            found.visits += 1
    return found


async def _one(office: Office, random: Random, found: Visited, *, draw: bool) -> None:
    kiosk, person = random.choice(office.kiosks), random.randrange(PEOPLE)
    office.glass.sent.clear()
    how = random.choice(("card", "card", "number"))
    if how == "card":
        office.touch(person)
        office.press(kiosk, "1")
    else:
        _enter(office, kiosk, person)
    found.by[how] = found.by.get(how, 0) + 1
    view = kiosk.look()
    if not isinstance(view, VisitView):
        found.stuck += 1
        found.note(f"visit of {person} by {how} did not open: {type(view).__name__}")
        return
    visit = view.visit
    if draw:
        await kiosk.draw()
    for _ in range(random.randrange(4)):
        _do(office, kiosk, random)
        if draw:
            await kiosk.draw()
    end = random.choice(ENDS)
    _end(office, kiosk, person, end, random)
    found.ended[end] = found.ended.get(end, 0) + 1
    canaries = (name_of(person), number_of(person), visit, PIN)
    await _look(office, found, canaries, f"{person} by {how}, ended by {end}, at once", only=kiosk, draw=draw)
    keys: list[Key] = ["repeat", "enter", "0", "9", "0", "1", "0"]
    office.press(kiosk, *random.sample(keys, 3))
    await _look(office, found, canaries, f"{person} by {how}, ended by {end}, after keys", only=kiosk, draw=draw)
    office.pass_s(SETTLED_S)
    await _look(office, found, canaries, f"{person} by {how}, ended by {end}, later", only=None, draw=draw)
    found.foreign_lines += _foreign(office, kiosk, visit)
    office.pass_s(200)
    for one in office.kiosks:
        if not isinstance(one.look(), HomeView):
            found.stuck += 1
            found.note(f"kiosk {one.number} stands at {type(one.look()).__name__}")


def digits_of(text: str) -> list[Key]:
    """Return the keys that type a number."""
    return cast(list[Key], list(text))


def _enter(office: Office, kiosk: KioskDesk, person: int) -> None:
    digits = digits_of(number_of(person))
    pin = digits_of(PIN)
    office.press(kiosk, "2", "enter", *digits, "enter", *pin, "enter")


def _do(office: Office, kiosk: KioskDesk, random: Random) -> None:
    """Do something in a visit, and come back from it or not."""
    match random.randrange(5):
        case 0:
            office.press(kiosk, "1")
        case 1:
            office.press(kiosk, "2", "1", "1", "enter")
        case 2:
            pin = digits_of(PIN)
            office.press(kiosk, "3", *pin[: random.randrange(7)])
        case 3:
            office.press(kiosk, "9", "0")
        case _:
            office.pass_s(random.randrange(30))


def _end(office: Office, kiosk: KioskDesk, person: int, end: str, random: Random) -> None:
    match end:
        case "key":
            # Out of whatever stands over the visit, then out of the visit.
            for _ in range(24):
                if not kiosk.flow.visiting:
                    break
                office.press(kiosk, "repeat" if kiosk.flow.typing else "0")
        case "time":
            office.pass_s(151)
        case "card":
            office.touch((person + 1 + random.randrange(PEOPLE - 1)) % PEOPLE)
        case "agent killed":
            office.kill_agent()
        case _:
            office.kill_kiosk(kiosk)


async def _look(
    office: Office, found: Visited, canaries: tuple[str, ...], when: str, *, only: KioskDesk | None, draw: bool
) -> None:
    for kiosk in office.kiosks if only is None else [only]:
        kiosk.flow.painted(kiosk.look())
        held = kiosk.holds(canaries)
        if draw:
            text = await kiosk.draw()
            found.drawn += 1
            held += [canary for canary in canaries if canary in text]
        if held:
            found.canaries_after += len(held)
            found.note(f"{when}: kiosk {kiosk.number} has {held}")


def _foreign(office: Office, kiosk: KioskDesk, visit: str) -> int:
    """Count the lines about a visit that another kiosk was sent. The offer on the touch's screen is for whoever stands
    there, and opens nothing once the visit is open."""
    others = {one.number for one in office.kiosks if one is not kiosk}
    lines = (json.loads(line) for number, line in office.glass.sent if number in others)
    return sum(line["type"] != "touch" and line.get("visit") == visit for line in lines)
