"""People learn at three real stations of a real county for some weeks, and what the kiosks show is what the rules say.

Each person is one history: a card, a seed, and what that seed has them do. They live side by side. Between days the
stations lose their power, the county goes on, some stations have no line for a day or more or find it only later in
the same boot, facts come late, and by stick as well as by the line. During a day agents, the broker, the database and
ingest are killed. Packs get new versions with corrected answers.

What a station can know is what the county had when it told the station in the night, and what the station has itself.
"""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from pathlib import Path
from random import Random

import msgspec

from firmware_scripts.demo.cast import CastPerson, make_cast
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.report import Value
from protocol.packs import Pack, Question
from tests.proofs.learning.glass import Glass, Seen, expected
from tests.proofs.learning.hand import Hand
from tests.proofs.learning.histories import LEVELS, PACKS, STATIONS, County, first_version, next_version, shown_of
from tests.proofs.learning.moved_village import MovedStation, MovedTime, MovedVillage
from tests.proofs.learning.outside import (
    Raw,
    Reader,
    bindings,
    county_facts,
    shelf_is_in_step,
    station_facts,
)
from tests.proofs.private_county import temporary
from tests.scoring.scorer import Binding, Key, Score, marks_of, score, undated

DAYS = 7
"""Days of visits after the first."""
COMES = 0.45
"""How likely somebody comes on a day."""
BY_KEYS, KILLED, CARRIED = 0.2, 0.08, 0.5
BETWEEN_DAYS, LATER_DAYS = 3, 7
"""So many days lie at most between two days of visits, and so many before the last look. Together they stay below the
31 days for which a county does its night's work by a clock that nobody vouches for (`county_clock.AGE_WITHIN`)."""
_SETTLE_S, _ROUND_S, _FIRST_ROUND_S = 600.0, 600.0, 1_200.0
_TRIES = 3
_TROUBLE_S = (8.0, 20.0)
_PARTS = ("mosquitto", "postgres", "ingest")
_LINES = ("line", "line", "line", "line", "silent", "silent", "late")
"""How a station's day may be: with its line, without one, or without one for the first half of the day."""

_WHOLE = "select 1 from progress_progressstate where whole_on = '{day}' and whole_through < 0"
_DUE = "select (select count(*) from progress_persondue) + (select count(*) from fleet_shelfdue)"
_TOLD = "select count(*) from progress_told"


@dataclass
class Really:
    """What came of it."""

    histories: int = 0
    visits: int = 0
    answered_by: Counter[str] = field(default_factory=Counter)
    """Visits by how the person answered: by ``keys`` at a kiosk in tmux, or by a scripted kiosk at the ``socket``."""
    kills: Counter[str] = field(default_factory=Counter)
    days: int = 0
    silent_days: int = 0
    """Days of stations without a line, or without one at first."""
    carried: int = 0
    """Exports that came by stick, before the line brought the same."""
    corrected: int = 0
    """Answers that a new version of a pack gave."""
    facts: int = 0
    answers: int = 0
    undated: int = 0
    """Answers that nothing dates."""
    compared: int = 0
    tried_again: int = 0
    differences: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    seconds: int = 0

    def said(self) -> dict[str, Value]:
        """Return it as the report has it."""
        return {
            "real_histories": self.histories,
            "real_visits": self.visits,
            "real_visits_by": dict(self.answered_by),
            "real_days": self.days,
            "real_days_without_line": self.silent_days,
            "real_kills": dict(self.kills),
            "real_carried_by_stick": self.carried,
            "real_corrected_answers": self.corrected,
            "real_facts": self.facts,
            "real_answers": self.answers,
            "real_answers_undated": self.undated,
            "compared_on_screen": self.compared,
            "real_differences": len(self.differences),
            "real_tried_again": self.tried_again,
            "real_problems": self.problems,
            "real_seconds": self.seconds,
        }


@dataclass
class Person:
    """Whose history it is."""

    cast: CastPerson
    random: Random
    binding: Binding


@dataclass
class Known:
    """What is known of a station from outside."""

    dated: bool = True
    last_dated: date = date.min
    told: list[Raw] = field(default_factory=list)
    """What the county had in the night when it told the station last."""
    packs: dict[str, int] = field(default_factory=dict)
    """The versions of packs that it has."""


class RealLives:
    """The weeks."""

    def __init__(self, village: MovedVillage, people: Sequence[CastPerson], *, seed: int) -> None:
        self._village = village
        self._cast = people
        self._seed = seed
        self._random = Random(f"real {seed}")
        self._published = County()
        self._reader = Reader()
        self._known = [Known() for _ in village.stations]
        self._lock = threading.Lock()
        self._people: list[Person] = []
        self.found = Really(histories=len(people))

    def live(self) -> None:
        """Let the weeks pass."""
        self._first_day()
        for _ in range(DAYS):
            self._day()
        self._end()

    def _first_day(self) -> None:
        """Everybody comes to each station, so that the county tells each station of everybody from then on."""
        county = self._village.county
        for name in PACKS:
            self._publish(first_version(name))
        for station in self._village.stations:
            self._await_shelf(station, told=[])
        tokens = {one.person: one for one in bindings(county)}
        self._people = [
            Person(one, Random(f"{self._seed} {place}"), tokens[one.number]) for place, one in enumerate(self._cast)
        ]
        self._shift(self._everybody(), compared=False, kills=False)
        self._await_all_in()
        self._await_round(_FIRST_ROUND_S)
        told = str(len(self._people) * STATIONS)
        wait_until(
            lambda: county.sql(_TOLD) == [[told]],
            what="each station to be told of everybody",
            timeout_s=_FIRST_ROUND_S,
            every_s=1.0,
        )
        # Each has it before its power goes, so that what a station without a line knows does not hang on a second.
        told_now = county_facts(county)
        _together(partial(self._await_shelf, station, told=told_now) for station in self._village.stations)

    def _day(self) -> None:
        """Another day: who comes, where, and what befalls everybody."""
        random = self._random
        lines = [random.choice(_LINES) for _ in self._village.stations]
        self._next_day(random.randint(1, BETWEEN_DAYS), lines)
        visits: dict[int, list[Person]] = {station.number: [] for station in self._village.stations}
        for person in self._people:
            if person.random.random() < COMES:
                visits[person.random.randrange(STATIONS)].append(person)
        late = [station for station in self._village.stations if lines[station.number] == "late"]
        halves = {station.number: len(visits[station.number]) // 2 for station in late}
        self._in_trouble({place: who[: halves.get(place, len(who))] for place, who in visits.items()})
        for station in late:
            station.board.give_line()
            self._kill(station)
            self._await_shelf(station, told=self._night)
        self._in_trouble({place: visits[place][half:] for place, half in halves.items()})
        self._await_all_in()

    def _in_trouble(self, visits: Mapping[int, Sequence[Person]]) -> None:
        """Let people come while parts of the county are killed."""
        with Trouble(self._village, seed=self._random.randrange(2**31), kills=self.found.kills):
            self._shift(visits)

    def _end(self) -> None:
        """Everything comes together. Then each station shows what everybody has learnt, and one of them once more some
        time later."""
        lines = ["line"] * STATIONS
        self._next_day(1, lines)
        self._await_all_in()
        self._next_day(1, lines)
        together = county_facts(self._village.county)
        self.found.facts = len(together)
        answers = self._reader.answers(together)
        self.found.answers, self.found.undated = len(answers), len(undated(together) & answers)
        self._await_all_in()
        self._compare_all(self._everybody(), self._scores(together))
        self._next_day(LATER_DAYS, lines)
        # By the answers of now: a pack may have got another version in this night too.
        self._compare_all({place: self._people[place::STATIONS] for place in range(STATIONS)}, self._scores(together))

    def _scores(self, facts: list[Raw]) -> dict[str, Score]:
        return score(facts, [one.binding for one in self._people], self._keys())

    def _everybody(self) -> dict[int, list[Person]]:
        """Return everybody for each station, in such an order that they are at one station after the other."""
        step, people = -(-len(self._people) // STATIONS), self._people
        return {place: [*people[place * step :], *people[: place * step]] for place in range(STATIONS)}

    def _next_day(self, days: int, lines: Sequence[str]) -> None:
        """Take all power away, let the night pass at the county, and begin a day at the stations."""
        village, random = self._village, self._random
        for station in village.stations:
            if random.random() < 0.7:
                station.board.kill9()
                self.found.kills["agent"] += 1
            else:
                station.board.stop()
        for station in village.stations:
            if not self._known[station.number].dated and random.random() < CARRIED:
                self._carry(station)
        if "silent" in lines or "late" in lines or random.random() < 0.4:
            before = self._published.published[random.choice(PACKS)][-1]
            following = _corrected(before, random)
            self._publish(following)
            self.found.corrected += len(_corrections(before, following))
        day = village.moved.now().date() + timedelta(days=days)
        village.moved.reach(datetime.combine(day, time_of_day(random.randint(6, 15), random.randrange(60))))
        village.county.begin_day()
        self._await_round(_ROUND_S)
        self._night = county_facts(village.county)
        for station in village.stations:
            station.board.boot(has_line=lines[station.number] == "line")
            self._known[station.number].dated = False
        _together(station.begin for station in village.stations)
        linked = [station for station in village.stations if station.board.has_line]
        _together(partial(self._await_shelf, station, told=self._night) for station in linked)
        self.found.silent_days += len(lines) - len(linked)
        self.found.days += 1
        said = f"day {self.found.days}: {self.found.compared} screens compared, {len(self.found.differences)} differ"
        print(said, file=sys.stderr, flush=True)

    def _carry(self, station: MovedStation) -> None:
        """Bring a station's facts to the county by stick. The line brings them once more."""
        stick = self._village.folder / "stick"
        stick.mkdir(exist_ok=True)
        for old in stick.iterdir():
            old.unlink()
        command = [sys.executable, "-m", "agent.cli", "export", "--to", str(stick), "--config", str(station.config)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env={**self._village.environment(), "LANG": "C.UTF-8"}
        )
        files = [one for one in stick.iterdir() if one.is_file()]
        if done.returncode or not files:
            self.found.problems.append(f"export: {done.stdout} {done.stderr}")
            return
        for file in files:
            self._village.county.tool("ingest-file", str(file))
        self.found.carried += 1

    def _publish(self, pack: Pack) -> None:
        """Publish a version. The county itself says since when options stand; the scorer's keys have it by the rule."""
        levels = [
            msgspec.structs.replace(
                level, questions=[msgspec.structs.replace(question, key_since=None) for question in level.questions]
            )
            for level in pack.levels
        ]
        file = self._village.folder / f"{pack.id}.json"
        file.write_bytes(msgspec.json.encode(msgspec.structs.replace(pack, levels=levels)))
        self._village.county.tool("publish-pack", str(file))
        self._published.publish(pack)

    def _keys(self, known: dict[str, int] | None = None) -> dict[str, dict[int, dict[str, Key]]]:
        keys = self._published.keys()
        if known is None:
            return keys
        return {name: {v: of for v, of in keys[name].items() if v <= newest} for name, newest in known.items()}

    def _await_round(self, timeout_s: float) -> None:
        """Wait until the county has gone through everybody today, and made the indexes that follow from it."""
        county, today = self._village.county, self._village.moved.now().date()

        def done() -> bool:
            return county.sql(_WHOLE.format(day=today)) != [] and county.sql(_DUE) == [["0"]]

        wait_until(done, what="the county's night", timeout_s=timeout_s, every_s=0.5)

    def _await_shelf(self, station: MovedStation, *, told: list[Raw]) -> None:
        """Wait until a station has everything that the county has for it."""
        county, known = self._village.county, self._known[station.number]
        wait_until(
            # An index that is due may name what the one before does not.
            lambda: county.sql(_DUE) == [["0"]] and shelf_is_in_step(county, station.cast.id, station.sd_card),
            what=f"the shelf of {station.cast.id}",
            timeout_s=_SETTLE_S,
            every_s=0.5,
        )
        known.dated, known.last_dated, known.told = True, self._village.moved.now().date(), told
        known.packs = {name: versions[-1].version for name, versions in self._published.published.items()}

    def _await_all_in(self) -> None:
        """Wait until the county has what the stations with a line have recorded."""
        for station in self._village.stations:
            if not station.board.has_line:
                continue
            own = self._reader.learning(station_facts(_outbox(station)))
            wait_until(
                lambda own=own: own <= {one[:2] for one in county_facts(self._village.county)},  # type: ignore[misc]
                what=f"what {station.cast.id} has recorded in the county",
                timeout_s=_SETTLE_S,
                every_s=0.5,
            )

    def _shift(self, visits: Mapping[int, Sequence[Person]], *, compared: bool = True, kills: bool = True) -> None:
        """Let people come to their stations, to each station one after the other."""
        _together(
            partial(self._work, self._village.stations[place], who, compared=compared, kills=kills)
            for place, who in visits.items()
        )

    def _work(self, station: MovedStation, who: Sequence[Person], *, compared: bool, kills: bool) -> None:
        """Let people come to a station: most answer at a scripted kiosk.

        Then a kiosk with a screen takes its place, the others answer there by keys, and everybody's screens are
        compared.
        """
        today = {one.cast.number: self._today(one, station) for one in who}
        by_keys = {number for number, random in today.items() if compared and random.random() < BY_KEYS}
        for person in who:
            if person.cast.number not in by_keys:
                self._by_socket(station, person, today[person.cast.number], kills=kills)
        if compared and who:
            with self._glass(station) as glass:
                for person in who:
                    number = person.cast.number
                    is_open = number in by_keys and self._by_keys(station, glass, person, today[number])
                    self._compare(station, glass, person, is_open=is_open)
        with self._lock:
            self.found.visits += len(who)

    def _today(self, person: Person, station: MovedStation) -> Random:
        """Return what decides what a person does at a station today."""
        return Random(f"{self._seed} {person.cast.number} {self.found.days} {station.number}")

    def _glass(self, station: MovedStation) -> Glass:
        return Glass(station, self._village.folder / f"tmux-{station.number}", levels=LEVELS)

    def _by_keys(self, station: MovedStation, glass: Glass, person: Person, random: Random) -> bool:
        """Let a person answer by keys; return whether their visit is open still."""
        with self._lock:
            self.found.answered_by["keys"] += 1
        try:
            glass.open_visit(person.cast.uid)
            glass.play(random, _TITLES, random.choice(PACKS), str(random.randint(1, LEVELS)))
        except NotInTime as error:
            self._tried(station, error)
            glass.go_home()
            return False
        return True

    def _by_socket(self, station: MovedStation, person: Person, random: Random, *, kills: bool) -> None:
        killed = kills and random.random() < KILLED
        with self._lock:
            self.found.answered_by["socket"] += 1
        try:
            with Hand(station) as hand:
                if not hand.open_visit(person.cast.uid):
                    raise ConnectionResetError("no visit was offered")
                hand.play_level(random, random.choice(PACKS), str(random.randint(1, LEVELS)))
                hand.review(random)
                hand.play_level(random, random.choice(PACKS), "1", at_most=2 if killed else None)
                if killed:
                    self._kill(station)
                else:
                    hand.end_visit()
        except OSError as error:
            self._tried(station, error)

    def _kill(self, station: MovedStation) -> None:
        station.board.kill9()
        with self._lock:
            self.found.kills["agent"] += 1
        station.begin()

    def _tried(self, station: MovedStation, error: Exception) -> None:
        with self._lock:
            self.found.tried_again += 1
        print(f"again at {station.cast.id}: {error!r}", file=sys.stderr, flush=True)

    def _compare(self, station: MovedStation, glass: Glass, person: Person, *, is_open: bool) -> None:
        """Compare what the kiosk shows with what the scorer finds in what the station can know."""
        seen = self._look(station, glass, person, is_open=is_open)
        if seen is None:
            return
        known, own = self._known[station.number], station_facts(_outbox(station))
        cards = {person.binding.card}
        told = self._reader.concerning(known.told, cards)
        here = self._reader.concerning(own, cards)
        keys, raw = self._keys(known.packs), [*told, *here]
        marks = marks_of(told, keys)
        # What had no time when the county told is the station's own to add once it has one, marked by what is here.
        dated_since = {one[:2] for one in here} & undated(told) - undated(raw)
        marks = {name: right for name, right in marks.items() if name not in dated_since}
        want = score(raw, [person.binding], keys, marks=marks).get(person.binding.person, Score())
        self._judge(station, person, seen, want, reviewed=self._reviewed(station, here))

    def _reviewed(self, station: MovedStation, here: Iterable[Raw]) -> int:
        """Return how many questions were answered in reviews in this boot: a boot lasts no longer than a day."""
        facts = [self._reader.read(body) for _, _, body in here]
        return sum(
            1
            for fact in facts
            if fact["kind"] == "attempt" and fact.get("mode") == "review" and fact["at"][1] == station.board.boot_id
        )

    def _compare_all(self, who: Mapping[int, Sequence[Person]], scores: dict[str, Score]) -> None:
        def compare(station: MovedStation, people: Sequence[Person]) -> None:
            with self._glass(station) as glass:
                for person in people:
                    seen = self._look(station, glass, person, is_open=False)
                    if seen is not None:
                        want = scores.get(person.binding.person, Score())
                        self._judge(station, person, seen, want, reviewed=0)

        _together(partial(compare, self._village.stations[place], people) for place, people in who.items())

    def _look(self, station: MovedStation, glass: Glass, person: Person, *, is_open: bool) -> Seen | None:
        """Read a person's screens; None: they did not come, which is a problem of the proof.

        Args:
            is_open: Their visit is open already.
        """
        for _ in range(_TRIES):
            try:
                if not is_open:
                    glass.open_visit(person.cast.uid)
                return glass.look(_TITLES)
            except NotInTime as error:
                self._tried(station, error)
                is_open = False
                glass.go_home()
        with self._lock:
            self.found.problems.append(f"{person.cast.number} at {station.cast.id}: no screen")
        return None

    def _judge(self, station: MovedStation, person: Person, seen: Seen, want: Score, *, reviewed: int) -> None:
        known = self._known[station.number]
        here = [self._published.published[name][version - 1] for name, version in known.packs.items()]
        should = expected(
            shown_of(want, here),
            packs=PACKS,
            levels=LEVELS,
            today=known.last_dated,
            dated=known.dated,
            reviewed=reviewed,
        )
        with self._lock:
            self.found.compared += 1
            if seen != should:
                where = f"day {self.found.days}, {person.cast.number} at {station.cast.id}, dated {known.dated}"
                self.found.differences.append(f"{where}: {seen} instead of {should}")
                print(self.found.differences[-1], file=sys.stderr, flush=True)


class Trouble:
    """Kills parts of the county while the context lasts."""

    def __init__(self, village: MovedVillage, *, seed: int, kills: Counter[str]) -> None:
        self._village = village
        self._random = Random(seed)
        self._kills = kills
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="trouble")

    def __enter__(self) -> "Trouble":
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._ended.wait(self._random.uniform(*_TROUBLE_S)):
            part = self._random.choice(_PARTS)
            self._kills[part] += self._village.county.kill9_part(part)


_TITLES = {name: first_version(name).title for name in PACKS}


def _questions(pack: Pack) -> Iterator[Question]:
    return (question for level in pack.levels for question in level.questions)


def _corrected(pack: Pack, random: Random) -> Pack:
    """Return a next version in which some answer is corrected."""
    while True:
        following = next_version(pack, random)
        if _corrections(pack, following):
            return following


def _corrections(before: Pack, after: Pack) -> list[str]:
    """Return the questions with the same options and another answer."""
    known = {one.id: one for one in _questions(before)}
    return [
        one.id
        for one in _questions(after)
        if one.options == known[one.id].options and one.answer != known[one.id].answer
    ]


def _outbox(station: MovedStation) -> Path:
    return station.sd_card / "outbox.db"


def _together(jobs: Iterable[Callable[[], None]]) -> None:
    """Do jobs at the same time, and raise what the first of them raises."""
    failed = list[BaseException]()

    def work(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 - it is raised below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def live_really(count: int, *, seed: int) -> Really:
    """Have so many people learn at a real county's stations."""
    began = time.monotonic()
    cast = make_cast(people_per_station=-(-count // STATIONS), seed=seed)
    people = [person for row in zip(*(one.people for one in cast), strict=True) for person in row][:count]
    moved = MovedTime()
    moved.reach(datetime.combine(moved.now().date() + timedelta(days=1), time_of_day(8)))
    with temporary("learning-real") as folder, MovedVillage(Path(folder), cast, moved) as village:
        lives = RealLives(village, people, seed=seed)
        lives.live()
    lives.found.seconds = round(time.monotonic() - began)
    return lives.found
