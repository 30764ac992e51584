"""One person learns at three stations for some weeks, whatever happens to these; what does each station say in the end?

The stations are whole ones on real disks, without processes around them: their kiosks' messages come and go as at a
kiosk. The county here is a plain one that reckons by `protocol.progress`, as the product's county does of what it reads
from its database.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from random import Random

import msgspec

from agent.events import PackFetched
from protocol.cards import card_token
from protocol.facts import Attempt, ClockCorrected, Fact, LevelEnded, Touch, decode_fact
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelOver,
    MapShown,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    OpenReview,
    PackShown,
    QuestionShown,
)
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown
from protocol.packs import AnswerKey, Level, Pack, Question
from protocol.progress import (
    Answered,
    LevelProgress,
    Progress,
    RunEnded,
    StreamThrough,
    history_of,
    levels_of,
)
from protocol.units import DATED_QUALITIES, Moment
from tests.agent.bench import CARD_KEY, LI, ZHANG, Bench, desired
from tests.agent.sample import sealed
from tests.fakes.clockwork import FakeSystemClock
from tests.scoring.scorer import Binding, Key, Score, marks_of, score, undated

STATIONS = 3
DAYS = 45
DAY_MS = 86_400_000
PERSON = "p1"
PACKS = ("law", "flood")
QUESTIONS, LEVELS, DRAW = 7, 2, 5
GOES = 0.5
"""How likely a new version of a pack no longer has some question."""
_CORRECTED = "示例，已更正。"
type Raw = tuple[bytes, int, bytes]


@dataclass
class County:
    """What the county has: facts of each station as far as they came, and every version of every pack."""

    received: dict[int, list[Raw]] = field(default_factory=dict)
    published: dict[str, list[Pack]] = field(default_factory=dict)

    def publish(self, pack: Pack) -> None:
        self.published.setdefault(pack.id, []).append(pack)

    def facts(self) -> list[Raw]:
        return [raw for facts in self.received.values() for raw in facts]

    def key(self, pack: str, question: str, version: int) -> AnswerKey | None:
        for one in reversed(self.published.get(pack, [])):
            for found in (question_ for level in one.levels for question_ in level.questions):
                since = found.key_since or one.version
                if found.id == question and since <= version:
                    return AnswerKey(found.kind, tuple(found.answer), since)
        return None

    def keys(self) -> dict[str, dict[int, dict[str, Key]]]:
        """Return the answers as the plain scorer takes them."""
        return {
            name: {
                one.version: {
                    question.id: Key(question.kind, tuple(question.answer), question.key_since or one.version)
                    for level in one.levels
                    for question in level.questions
                }
                for one in versions
            }
            for name, versions in self.published.items()
        }

    def told(self, station: int) -> Progress:
        """Compute what a station is told of the person."""
        answers, ended = read_back(self.facts())
        history, levels = history_of(answers, self.key), levels_of(answers, ended, self.key)
        mine = self.received.get(station, [])
        return Progress(
            person=PERSON,
            as_of=0,
            levels=[
                LevelProgress(pack=pack, level=level, stars=reached.stars, passed=reached.first or 0)
                for (pack, level), reached in levels.items()
            ],
            questions=history.said(),
            undated=history.undated_said() or msgspec.UNSET,
            heads=[StreamThrough(epoch=mine[-1][0], seq=mine[-1][1])] if mine else [],
        )


def read_back(raw: list[Raw]) -> tuple[list[Answered], list[RunEnded]]:
    """Read the person's answers and runs as the product does: each fact once, dated by its boot's first correction."""
    facts: dict[tuple[bytes, int], Fact] = {(epoch, seq): decode_fact(body) for epoch, seq, body in raw}
    anchors: dict[bytes, tuple[int, int]] = {}
    whose = set()
    for name, fact in sorted(facts.items()):
        if isinstance(fact, ClockCorrected) and fact.source in ("county", "ntp"):
            anchors.setdefault(fact.boot, (fact.mono, fact.wall))
        if isinstance(fact, Touch) and fact.card == card_token(CARD_KEY, ZHANG):
            whose.add(name)

    def wall_of(at: Moment) -> int | None:
        if at.quality in DATED_QUALITIES:
            return at.wall
        known = anchors.get(at.boot)
        return known[1] + at.mono - known[0] if known is not None else None

    answers, ended = [], []
    for (epoch, seq), fact in facts.items():
        if not isinstance(fact, Attempt | LevelEnded) or fact.by is None or (fact.by.epoch, fact.by.seq) not in whose:
            continue
        wall = wall_of(fact.at)
        if isinstance(fact, Attempt):
            answers.append(
                Answered(
                    wall,
                    epoch,
                    seq,
                    fact.pack,
                    fact.pack_version,
                    fact.level,
                    fact.question,
                    fact.run,
                    tuple(fact.chosen),
                    fact.right,
                )
            )
        elif fact.passed:
            ended.append(RunEnded(wall, fact.pack, fact.level, fact.run, fact.stars))
    return answers, ended


def boot_name(station: int, boot: int) -> bytes:
    """Return the id of a station's boot."""
    return b"%08d%08d" % (station, boot)


class Place:
    """One station, over its restarts."""

    def __init__(self, number: int, folder: Path) -> None:
        folder.mkdir()
        self.number = number
        self._folder = folder
        self.system = FakeSystemClock(boot=boot_name(number, 0))
        self._boots = 0
        self._closing = ExitStack()
        self.known: dict[str, int] = {}
        """The versions of packs that are here."""
        self.told: list[Raw] = []
        """The facts that the county had when it told the station what the person has learnt."""
        self.told_by: dict[str, int] = {}
        """The newest versions of packs then."""
        self.bench = self._open(trusted=True)

    def _open(self, *, trusted: bool) -> Bench:
        made = Bench(self._folder, self.system, trusted=trusted, camera=False)
        self._closing.callback(made.outbox.close)
        return made

    def close(self) -> None:
        self._closing.close()

    def cut_power(self) -> None:
        """Take the power away; the clock comes back without the time."""
        self.close()
        before = self.bench
        self._boots += 1
        wall = self.system.wall
        self.system.reboot(boot_name(self.number, self._boots))
        self.system.wall = wall
        self.bench = self._open(trusted=False)
        for held in before.bundles.bundles("progress"):
            self.bench.bundles.take(held)
        self.bench.packs.want(self.bench.twin.desired.packs)

    def learn_time(self, *, off_ms: int = 0) -> None:
        """Have the county tell the time, which no line brings to the millisecond."""
        facts = self.bench.clock.take_county_time(
            self.system.wall + off_ms, asked_mono_ms=self.system.mono, answered_mono_ms=self.system.mono
        )
        self.bench.fact_writer.owe(*facts)

    def facts(self) -> list[Raw]:
        """Return every fact of this station as it would go out."""
        outbox, seq, found = self.bench.outbox, 0, list[Raw]()
        while (envelope := outbox.envelope_after(seq)) is not None:
            for seq, sealed_fact in enumerate(envelope.facts, start=envelope.first):
                found.append((outbox.epoch, seq, sealed_fact.body))
        return found

    def meet(self, county: County, *, packs: bool = True, progress: bool = True) -> None:
        """The line is up for a moment: facts go out, packs and what the county computed come in."""
        county.received[self.number] = self.facts()
        if packs:
            self._take_packs(county)
        # An index names both, and what is smaller comes first; here packs come first or alone.
        if progress and self.known == {name: versions[-1].version for name, versions in county.published.items()}:
            self.told, self.told_by = county.facts(), dict(self.known)
            self.bench.bundles.put("progress", county.told(self.number), name=PERSON)

    def _take_packs(self, county: County) -> None:
        newest = {name: versions[-1] for name, versions in county.published.items()}
        if {name: pack.version for name, pack in newest.items()} != self.known:
            files = [sealed(pack) for pack in newest.values()]
            self.bench.files |= {ref.sha256: file for ref, file in files}
            self.bench.accept(desired(version=self.bench.twin.version + 1, packs=[ref for ref, _ in files]))
            self.bench.packs.want([ref for ref, _ in files])
            for ref, file in files:
                self.bench.packs.fetched(PackFetched(sha256=ref.sha256, file=file))
            self.known = {name: pack.version for name, pack in newest.items()}


class Shown(msgspec.Struct, frozen=True):
    """What a station's screens say of the person."""

    stars: dict[tuple[str, str], int]
    book: int
    due: int
    undated: int
    next: str | None


class Life:
    """The person's weeks."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.random = Random(seed)
        self.county = County()
        self.places = [Place(number, folder / f"station-{number}") for number in range(STATIONS)]
        self.differences: list[str] = []
        self.compared = 0
        self.visits = 0
        for name in PACKS:
            self.county.publish(first_version(name))
        for place in self.places:
            place.meet(self.county)

    def close(self) -> None:
        for place in self.places:
            place.close()

    def live(self) -> None:
        """Let the weeks pass."""
        left = DAYS * DAY_MS
        while left > 0:
            step = self.random.randrange(DAY_MS // 24, 5 * DAY_MS)
            left -= step
            for place in self.places:
                place.system.pass_ms(step)
            self._happen()
            self._visit(self.random.choice(self.places))

    def _happen(self) -> None:
        random = self.random
        if random.random() < 0.25:
            self.county.publish(next_version(self.county.published[random.choice(PACKS)][-1], random))
        if random.random() < 0.3:
            random.choice(self.places).cut_power()
        if random.random() < 0.4:
            place = random.choice(self.places)
            for _ in range(random.randint(1, 3)):
                place.learn_time(off_ms=random.randint(-400, 400))
        if random.random() < 0.4:
            place = random.choice(self.places)
            place.meet(self.county, packs=random.random() < 0.8, progress=random.random() < 0.6)
        if random.random() < 0.4:
            self._others(random.choice(self.places))

    def _others(self, place: Place) -> None:
        """Let somebody else learn at a station, and somebody who has not shown who they are."""
        bench, random = place.bench, self.random
        touched = bench.touch(LI)
        if touched.visit:
            (visit,) = bench.ask(OpenVisit(visit=touched.visit))
            assert isinstance(visit, VisitShown)
            self._play(place, bench.ask(OpenLevel(pack=random.choice(PACKS), level="1"))[0])
            bench.ask(EndVisit(visit=visit.visit))
        self._play(place, bench.ask(OpenLevel(pack=random.choice(PACKS), level="1"))[0])

    def _visit(self, place: Place) -> None:
        bench, random = place.bench, self.random
        touched = bench.touch(ZHANG)
        if not touched.visit:  # a second touch within two minutes is none
            return
        (visit,) = bench.ask(OpenVisit(visit=touched.visit))
        assert isinstance(visit, VisitShown)
        self.visits += 1
        for _ in range(random.randint(1, 3)):
            if random.random() < 0.4:
                self._play(place, bench.ask(OpenReview(visit=visit.visit))[0])
            else:
                pack, level = random.choice(PACKS), str(random.randint(1, LEVELS))
                self._play(place, bench.ask(OpenLevel(pack=pack, level=level))[0])
        if random.random() < 0.5:
            self.compare(place, visit.visit)
        bench.ask(EndVisit(visit=visit.visit))

    def _play(self, place: Place, shown: object) -> None:
        """Answer until the end, or walk away in the middle."""
        random = self.random
        while isinstance(shown, QuestionShown):
            if random.random() < 0.04:
                return
            place.system.pass_ms(random.randint(2_000, 30_000))
            chosen = [random.randrange(len(shown.options))]
            answer = AnswerQuestion(run=shown.run, question=shown.question, chosen=chosen)
            (marked,) = place.bench.ask(answer)
            assert isinstance(marked, Marked)
            (shown,) = place.bench.ask(NextQuestion(run=shown.run))
            assert isinstance(shown, QuestionShown | LevelOver)

    def end(self) -> None:
        """Let everything come together, in any order and more than once, and compare what each station says."""
        for place in self.places:
            place.system.pass_ms(DAY_MS)
            place.learn_time(off_ms=self.random.randint(-400, 400))
        for _ in range(2):
            for place in self.random.sample(self.places, STATIONS):
                place.meet(self.county)
        for place in self.places:
            touched = place.bench.touch(ZHANG)
            (visit,) = place.bench.ask(OpenVisit(visit=touched.visit))
            assert isinstance(visit, VisitShown)
            self.compare(place, visit.visit)

    def _keys(self, known: dict[str, int]) -> dict[str, dict[int, dict[str, Key]]]:
        keys = self.county.keys()
        return {name: {v: of for v, of in keys[name].items() if v <= newest} for name, newest in known.items()}

    def compare(self, place: Place, visit: str) -> None:
        """Compare what a station shows with what the plain scorer finds in what it can know: the facts that the county
        had when it told the station, and the station's own."""
        self.compared += 1
        raw = [*place.told, *place.facts()]
        self.random.shuffle(raw)
        raw += raw[: len(raw) // 3]
        token = card_token(CARD_KEY, ZHANG)
        marks = marks_of(place.told, self._keys(place.told_by))
        # What had no time when the county told is the station's own to add once it has one, marked by what is here.
        own = {(epoch, seq) for epoch, seq, _ in place.facts()}
        dated_since = own & undated(place.told) - undated(raw)
        marks = {name: right for name, right in marks.items() if name not in dated_since}
        want = score(raw, [Binding(token, PERSON)], self._keys(place.known), marks=marks).get(PERSON, Score())
        here = [self.county.published[name][version - 1] for name, version in place.known.items()]
        expected = expected_screen(shown_of(want, here), place.bench.kiosk.progress.today())
        said = screen(place.bench, visit)
        if place.told_by != place.known:
            # What the station has of its own runs is marked by newer answers than what the county told of them.
            expected = msgspec.structs.replace(expected, stars=said.stars)
        if (said.stars, said.book, said.undated) != (expected.stars, expected.book, expected.undated):
            self.differences.append(f"station {place.number}: {said} instead of {expected}")
        book = {due.question: due.day for due in place.bench.kiosk.progress.learnt(PERSON).book()}
        if book != want.book:
            self.differences.append(f"station {place.number}: due {book} instead of {want.book}")


def expected_screen(want: Score, today: date) -> Shown:
    """Return what a screen should say by the plain scorer; how many are due depends on what was reviewed today too."""
    return Shown(
        stars={level: stars for level, stars in want.stars.items() if stars},
        book=len(want.book),
        due=sum(1 for day in want.book.values() if day is not None and day <= today),
        undated=sum(1 for day in want.book.values() if day is None),
        next=None,
    )


def screen(bench: Bench, visit: str) -> Shown:
    """Ask a station's kiosk for all that it shows of the person's learning."""
    (shown,) = bench.ask(OpenMap(visit=visit))
    assert isinstance(shown, MapShown)
    assert shown.book is not None
    stars: dict[tuple[str, str], int] = {}
    for pack in shown.packs:
        (levels,) = bench.ask(OpenPack(visit=visit, pack=pack.pack))
        assert isinstance(levels, PackShown)
        stars |= {(one.pack, one.level): one.best_stars for one in levels.levels if one.best_stars}
    return Shown(stars, shown.book.all, shown.book.due, shown.book.undated, shown.book.next)


def first_version(name: str) -> Pack:
    """Return the first version of a pack."""
    levels = [
        Level(
            id=str(level),
            name=f"第{level}关",
            draw=DRAW,
            questions=[
                Question(
                    id=f"{level}-{number}",
                    kind="single",
                    stem=f"示例题 {number}？",
                    options=["甲", "乙"],
                    answer=[0],
                    explanation="示例。",
                    source="示例",
                )
                for number in range(QUESTIONS)
            ],
        )
        for level in range(1, LEVELS + 1)
    ]
    return Pack(id=name, version=1, title=f"示例 {name}", sample=True, levels=levels)


def next_version(pack: Pack, random: Random) -> Pack:
    """Return a version in which some keys are corrected, some options are others, and a question may be gone.

    No question gets other options or goes after its key was corrected: a station that skipped the versions between
    can't know of the correction until the county tells it (ADR 50).
    """

    def revised(question: Question) -> Question:
        since = question.key_since or pack.version
        if random.random() < 0.1:
            return msgspec.structs.replace(
                question, answer=[1 - question.answer[0]], key_since=since, explanation=_CORRECTED
            )
        if question.explanation != _CORRECTED and random.random() < 0.1:
            return msgspec.structs.replace(
                question, options=question.options[::-1], answer=[1 - question.answer[0]], key_since=None
            )
        return msgspec.structs.replace(question, key_since=since)

    levels = [
        msgspec.structs.replace(level, questions=[revised(question) for question in level.questions])
        for level in pack.levels
    ]
    level = random.choice(levels)
    may_go = [place for place, question in enumerate(level.questions) if question.explanation != _CORRECTED]
    if may_go and len(level.questions) > DRAW and random.random() < GOES:
        del level.questions[random.choice(may_go)]
    return msgspec.structs.replace(pack, version=pack.version + 1, levels=levels)


def shown_of(want: Score, packs: Iterable[Pack]) -> Score:
    """Return what a screen shows of it where these versions of packs lie: the wrong book without what left its pack."""
    here = {(pack.id, question.id) for pack in packs for level in pack.levels for question in level.questions}
    return replace(want, book={name: day for name, day in want.book.items() if name in here})


def lives(seeds: Iterator[int] | range, folder: Callable[[int], Path]) -> Iterator[Life]:
    """Live one life for each seed and compare it."""
    for seed in seeds:
        life = Life(seed, folder(seed))
        try:
            life.live()
            life.end()
            yield life
        finally:
            life.close()
