"""90 days of guessing: somebody tries PINs as often as anybody lets them, at two stations and at the front door.

Import it after `django.setup`. Each judgement of a guess at a person's own verifier is counted. The guesser looks every
hour whether another guess is judged, and pulls the plug while every third one is. For some weeks the stations have no
line, so that each counts alone.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from unittest.mock import patch

from django.db import transaction

from agent.events import KioskSaid
from agent.kiosk import pin_work
from protocol.codec import encode
from protocol.facts import NumberEntered
from protocol.kiosk_visits import EnterNumber, PinAsked, VisitShown
from protocol.pin_tries import NO_TRIES, failed, locked_ms
from protocol.pins import PinVerifier, derive_verifier
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.pins.accepting import WrongTry, take_in_order
from server_broker.pins.models import KioskTry, PersonPin
from server_broker.pins.verifiers import roster_of
from server_broker.public import sign_in as door
from server_broker.public.brake import TooManyTries
from server_broker.public.known_phones import with_mark
from server_broker.public.models import DoorTries
from server_broker.public.models import WrongTry as DoorTry
from server_broker.regions.models import Region
from tests.agent.bench import Bench, desired
from tests.fakes.clockwork import MORNING_MS, FakeSystemClock

DAYS = 90
MOST = 60
"""Evaluated guesses a person, in all places together."""
DAY_MS, STEP_MS = 86_400_000, 3_600_000
VILLAGE = "999901001201"
PLACES = ("kiosk 1", "kiosk 2", "front door")
WITHOUT_A_LINE = range(30, 60)
"""Days on which no station reaches the county."""
_COMMONEST = """
123456 111111 000000 123123 666666 888888 112233 654321 123321 121212 222222 333333 555555 999999 777777 444444 520520
521521 131420 520131 201314 147258 159357 258369 789456 456789 987654 101010 110110 100200 010203 112211 131313 141414
151515 232323 252525 135790 246810 696969 159753 963852 741852 852963 147147 168168 518518 186186 139139 198888
"""
COMMONEST = _COMMONEST.split()
NAMES = ("甲试样", "乙试样")
PIN = "508213"


@dataclass
class Guessed:
    """What came of the guesses."""

    days: int
    evaluated: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By person and place."""
    plugs_pulled: int = 0
    found_right: int = 0

    def by_place(self) -> dict[str, int]:
        """Return the most guesses that a person's PIN had at each place."""
        people = {person for person, _ in self.evaluated}
        return {place: max((self.evaluated[person, place] for person in people), default=0) for place in PLACES}

    def most(self) -> int:
        """Return the most guesses that a person's PIN had anywhere."""
        sums: Counter[str] = Counter()
        for (person, _), count in self.evaluated.items():
            sums[person] += count
        return max(sums.values(), default=0)


class _Place:
    """A station that somebody guesses at. A pulled plug leaves what is on its disk."""

    def __init__(self, name: str, folder: Path, system: FakeSystemClock) -> None:
        self.name = name
        self._folder = folder
        self._system = system
        self._boots = 0
        self.told = 0
        """How many facts the county has."""
        self._make()

    def _make(self) -> None:
        self.station = Bench(self._folder, self._system)
        if not self.station.twin.version:
            self.station.accept(desired(settings={"number_sign_in": True}))
        self.station.kiosk.number_sign_in.state_unjudged()

    def guess(self, number: str, pin: str) -> object:
        answers = self.station.ask(EnterNumber(number=number, pin=pin))
        self.station.recorded.order.clear()
        return answers[-1]

    def guess_and_pull_the_plug(self, number: str, pin: str) -> None:
        """Enter a guess; the power goes while it is judged, and what it was is seen all the same."""
        self.station.kiosk_table.said(KioskSaid(1, EnterNumber(number=number, pin=pin)))
        if self.station.kiosk.pin_work.busy:
            self.station.inbox.get(timeout_s=20)
        self.pull_the_plug()

    def pull_the_plug(self) -> None:
        bundles = self.station.bundles
        self.close()
        self._boots += 1
        wall = self._system.wall
        self._system.reboot(b"%08d%08d" % (self._boots, hash(self.name) % 10**8))
        self._system.wall = wall
        self._make()
        for held in bundles.bundles("roster"):
            self.station.bundles.take(held)

    def close(self) -> None:
        self.station.outbox.close()


def guess_all(folder: Path, *, seed: int, days: int = DAYS, no_line: Collection[int] = WITHOUT_A_LINE) -> Guessed:
    """Guess for so many days; on some the stations have no line."""
    random, found = Random(seed), Guessed(days)
    numbers = _people()
    systems = [FakeSystemClock(), FakeSystemClock()]
    places = [
        _Place(f"kiosk {number}", _made(folder / str(number)), system) for number, system in enumerate(systems, 1)
    ]
    with ExitStack() as stack:
        count = stack.enter_context(_counted(found, numbers))
        _send_rosters(places)
        for step in range(days * DAY_MS // STEP_MS):
            day, now = step * STEP_MS // DAY_MS, MORNING_MS + step * STEP_MS
            for place in places:
                _hear(place, has_line=day not in no_line)
            if day not in no_line:
                _send_rosters(places)
            for number in numbers:
                for place in places:
                    count(place.name, number)
                    _at_kiosk(place, number, random, found)
                count("front door", number)
                _at_door(number, now, random, found)
            for system in systems:
                system.pass_ms(STEP_MS)
    for place in places:
        place.close()
    return found


def small_is_caught(folder: Path, *, seed: int, days: int) -> bool:
    """Tell whether a station that gives new tries after a power cut is seen to judge more than the rule allows."""
    guessed = guess_all(folder, seed=seed, days=days, no_line=range(days))
    return guessed.by_place()["kiosk 1"] > allowed(days)


def allowed(days: int) -> int:
    """Return how many guesses the rule allows at one place that counts for itself."""
    tries, now, judged = NO_TRIES, MORNING_MS, 0
    while now < MORNING_MS + days * DAY_MS:
        if locked_ms(tries, now):
            now += STEP_MS
        else:
            tries, judged = failed(tries, now), judged + 1
    return judged


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _people() -> list[str]:
    # What an earlier run of this process left, so that each begins without tries.
    for model in (DoorTries, DoorTry, KioskTry, PersonPin):
        model.objects.all().delete()
    Region.objects.get_or_create(code=VILLAGE, defaults={"name": "示例村"})
    for name in ("test-0001", "test-0002"):
        Station.objects.get_or_create(id=name, defaults={"name": name, "village_id": VILLAGE})
    numbers = []
    for place, name in enumerate(NAMES):
        person, _ = Person.objects.get_or_create(number=f"73900{place}", defaults={"name": name, "village_id": VILLAGE})
        own = derive_verifier(PIN, salt=b"%016d" % place)
        set_at = dt.datetime.fromtimestamp(MORNING_MS / 1000 - 86_400, dt.UTC)
        PersonPin.objects.create(person=person, verifier=encode(own), set_at=set_at)
        numbers.append(person.number)
    return numbers


def _send_rosters(places: list[_Place]) -> None:
    roster = roster_of(VILLAGE, numbers=True)
    for place in places:
        if place.station.kiosk.lists.roster() != roster:
            place.station.bundles.put("roster", roster)


def _hear(place: _Place, *, has_line: bool) -> None:
    """Bring the county what the station has stated since, if there is a line."""
    if not has_line:
        return
    through = place.station.outbox.through
    if through == place.told:
        return
    new = [fact for ref, fact in place.station.recent_now() if ref.seq > place.told]
    place.told = through
    name = "test-0001" if place.name == "kiosk 1" else "test-0002"
    steps = [
        WrongTry(name, fact.person, dt.datetime.fromtimestamp(fact.at.wall / 1000, dt.UTC))
        for fact in new
        if isinstance(fact, NumberEntered) and fact.answer == "wrong_pin"
    ]
    with transaction.atomic():
        take_in_order(steps, received_at=dt.datetime.fromtimestamp(place.station.now().wall / 1000, dt.UTC))


def _at_kiosk(place: _Place, number: str, random: Random, found: Guessed) -> None:
    """Guess as long as guesses are judged."""
    for _ in range(50):
        book = place.station.kiosk.pin_book
        if book.locked_ms(book.tried(number)):
            return
        pin = random.choice(COMMONEST)
        if random.randrange(3) == 0:
            found.plugs_pulled += 1
            place.guess_and_pull_the_plug(number, pin)
            continue
        answer = place.guess(number, pin)
        found.found_right += isinstance(answer, VisitShown)
        if isinstance(answer, PinAsked) and answer.answer == "locked":
            return


def _at_door(number: str, now_ms: int, random: Random, found: Guessed) -> None:
    now = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC)
    # On a telephone that the person once signed in on, so that the county's limit does not help.
    marks = with_mark("", Person.objects.get(number=number), now)
    for _ in range(50):
        address = f"2001:db8:{random.randrange(2**16):x}::1"
        try:
            door.sign_in(number, random.choice(COMMONEST), address=address, now=now, marks=marks)
            found.found_right += 1
        except TooManyTries:
            return
        except door.SignInRefused as refused:
            if "锁" in str(refused):
                return


@contextmanager
def _counted(found: Guessed, numbers: list[str]) -> Iterator[Callable[[str, str], None]]:
    """Count each judgement of a guess at a person's verifier, wherever it is made."""
    now: list[tuple[str, str]] = [("", "")]
    own = {b"%016d" % place: number for place, number in enumerate(numbers)}

    def judged(verifier: PinVerifier, pin: str) -> bool:
        number = own.get(verifier.salt)
        if number is not None:
            assert number == now[0][1]
            found.evaluated[number, now[0][0]] += 1
        # Not derived: 90 days of scrypt would prove nothing more of who may ask for it.
        return pin == PIN

    def at(place: str, number: str) -> None:
        now[0] = (place, number)

    with patch.object(pin_work, "is_pin", judged), patch.object(door, "is_pin", judged):
        yield at
