"""Stars, wrong book and due dates of each person, of the facts of a county (`docs/learning.md`)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.scoring import messagepack
from tests.scoring.fsrs6 import Card, review

LEARNT_DAYS = 21
MAX_TRIES = 1_000
BEIJING_HOURS = 8
DATED = ("synced", "holdover")
DATING = ("county", "ntp")

type Name = tuple[bytes, int]
"""(epoch, seq) of a fact."""


@dataclass(frozen=True)
class Key:
    """The right answer to a question in one version of its pack."""

    kind: str
    answer: tuple[int, ...]
    since: int
    """The first version whose options are the same."""


@dataclass(frozen=True)
class Binding:
    """Whose card it was: from a time on (ms), until another (exclusive)."""

    card: bytes
    person: str
    start: int = 0
    end: int = 2**62


@dataclass
class Score:
    """What a person has learnt."""

    stars: dict[tuple[str, str], int] = field(default_factory=dict)
    """By (pack, level): none that is 0."""
    book: dict[tuple[str, str], date | None] = field(default_factory=dict)
    """The wrong book by (pack, question): when it is due, or None as long as nobody knows."""
    cards: dict[tuple[str, str], Card] = field(default_factory=dict)
    """Every card, of what is learnt as well."""


type Keys = Mapping[str, Mapping[int, Mapping[str, Key]]]
"""The right answers by pack, version and question."""


def marks_of(raw: Iterable[tuple[bytes, int, bytes]], keys: Keys) -> dict[Name, bool]:
    """Return which attempts are right by these keys."""
    return {name: _marked(fact, keys) for name, fact in _facts(raw).items() if fact["kind"] == "attempt"}


def undated(raw: Iterable[tuple[bytes, int, bytes]]) -> set[Name]:
    """Return the facts that nothing dates."""
    facts = _facts(raw)
    anchors = _anchors(facts)
    return {name for name, fact in facts.items() if _wall(fact, anchors) is None}


def score(
    raw: Iterable[tuple[bytes, int, bytes]],
    bindings: Iterable[Binding],
    keys: Keys,
    *,
    marks: Mapping[Name, bool] | None = None,
    strangers: Collection[tuple[bytes, str]] = (),
) -> dict[str, Score]:
    """Return the scores by person.

    Args:
        raw: Facts as they came, however often and in whatever order: epoch, seq and body.
        bindings: The cards of people.
        keys: Of each version that was published.
        marks: Attempts that were marked by somebody who knew other keys.
        strangers: People who are of another township than the station of a stream, by the stream's epoch.
    """
    marks = marks or {}
    facts = _facts(raw)
    anchors = _anchors(facts)
    whose = _whose(facts, anchors, list(bindings), strangers)
    of: dict[str, list[Any]] = defaultdict(list)
    for name, fact in facts.items():
        person = _person(fact, whose)
        if person is not None:
            if fact["kind"] == "attempt":
                fact = {**fact, "marked": marks.get(name, _marked(fact, keys))}
            of[person].append((_wall(fact, anchors), *name, fact))
    return {person: _score(found) for person, found in of.items()}


def _score(facts: list[tuple[int | None, bytes, int, dict[str, Any]]]) -> Score:
    """Return the score of one person, of facts with the time, epoch and seq of each."""
    attempts = [one for one in facts if one[3]["kind"] == "attempt"]
    made = Score(cards=_cards(attempts))
    made_good: dict[bytes, int] = defaultdict(int)
    for _, _, _, fact in attempts:
        made_good[fact["run"]] += fact["marked"] and not fact["right"]
    for _, _, _, fact in facts:
        if fact["kind"] == "level_ended" and fact["passed"]:
            level = (fact["pack"], fact["level"])
            made.stars[level] = max(made.stars.get(level, 0), min(3, fact["stars"] + made_good[fact["run"]]))
    made.stars = {level: stars for level, stars in made.stars.items() if stars}
    for time, _, _, fact in attempts:
        if time is None and not fact["marked"] and (fact["pack"], fact["question"]) not in made.cards:
            made.book[fact["pack"], fact["question"]] = None
    for question, card in made.cards.items():
        if not (card.last_right and card.interval >= LEARNT_DAYS):
            made.book[question] = card.due
    return made


def _cards(attempts: list[tuple[int | None, bytes, int, dict[str, Any]]]) -> dict[tuple[str, str], Card]:
    cards = dict[tuple[str, str], Card]()
    tries = defaultdict(list)
    for wall, epoch, seq, fact in attempts:
        if wall is not None:
            tries[fact["pack"], fact["question"]].append((wall, epoch, seq, fact["marked"]))
    for question, found in tries.items():
        for wall, _, _, right in sorted(found)[-MAX_TRIES:]:
            if question in cards or not right:
                cards[question] = review(cards.get(question), _day(wall), right=right)
    return cards


def _facts(raw: Iterable[tuple[bytes, int, bytes]]) -> dict[Name, dict[str, Any]]:
    """Read bodies; a fact that was issued anew goes by its first identity, below all layers."""
    found: dict[Name, dict[str, Any]] = {}
    for epoch, seq, body in raw:
        name, fact = (epoch, seq), messagepack.read(body)
        while isinstance(fact, dict) and fact["kind"] == "reissued":
            name, fact = (fact["epoch"], fact["seq"]), messagepack.read(fact["body"])
        if not isinstance(fact, dict):
            raise ValueError(f"fact {name[0].hex()} {name[1]} is no map")
        found[name] = fact
    return found


def _anchors(facts: Mapping[Name, dict[str, Any]]) -> dict[bytes, tuple[int, int]]:
    """By boot: at which mono it was what wall, by the first correction that dates."""
    found: dict[bytes, tuple[int, int]] = {}
    for fact in facts.values():
        if fact["kind"] == "clock_corrected" and fact["source"] in DATING:
            at = (fact["mono"], fact["wall"])
            found[fact["boot"]] = min(found.get(fact["boot"], at), at)
    return found


def _wall(fact: Mapping[str, Any], anchors: Mapping[bytes, tuple[int, int]]) -> int | None:
    wall, boot, mono, quality = fact["at"]
    if quality in DATED:
        return int(wall)
    if boot in anchors:
        known_mono, known_wall = anchors[boot]
        return int(known_wall + (mono - known_mono))
    return None


def _whose(
    facts: Mapping[Name, dict[str, Any]],
    anchors: Mapping[bytes, tuple[int, int]],
    bindings: list[Binding],
    strangers: Collection[tuple[bytes, str]],
) -> dict[Name, str]:
    found = {}
    for name, fact in facts.items():
        is_accepted = fact["kind"] == "number_entered" and fact["answer"] == "accepted"
        if is_accepted and (name[0], fact["person"]) not in strangers:
            found[name] = fact["person"]
        if fact["kind"] == "touch":
            wall = _wall(fact, anchors)
            for one in bindings:
                if one.card == fact["card"] and (wall is None or one.start <= wall < one.end):
                    found[name] = one.person
    return found


def _person(fact: Mapping[str, Any], whose: Mapping[Name, str]) -> str | None:
    by = fact.get("by")
    return whose.get((by["epoch"], by["seq"])) if by else None


def _marked(fact: Mapping[str, Any], keys: Keys) -> bool:
    versions = keys.get(fact["pack"], {})
    for version in sorted(versions, reverse=True):
        key = versions[version].get(fact["question"])
        if key is not None and key.since <= fact["pack_version"]:
            chosen = fact["chosen"]
            if key.kind == "ordering":
                return tuple(chosen) == key.answer
            return len(set(chosen)) == len(chosen) and set(chosen) == set(key.answer)
    return bool(fact["right"])


def _day(wall: int) -> date:
    return (datetime.fromtimestamp(wall / 1000, UTC) + timedelta(hours=BEIJING_HOURS)).date()
