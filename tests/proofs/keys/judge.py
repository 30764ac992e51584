"""The judge of the proof. It knows what the station stored, what stood on each screen, and when each key was sent.

It reads the outbox's file and the screens by itself, and asks the product nothing.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from tests.proofs.keys.glass import Sight

SEEN_MS = 800
"""How long a screen must have stood before one of its keys may decide something."""
AGAIN_MS = 10_000
LATE_MS = 250
"""How much later than its key or its card a fact can be stamped on a busy machine."""
SAID_MS = 1_500
"""How long it takes at most until the verdict on an answer stands on the screen, if no touch covers it."""
TORN_MS = 60
"""The screen may be read while a program is still writing it. For this long it can be half the old one."""
_SEQ = (1 << 40) - 1


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key as it was sent, in milliseconds of CLOCK_BOOTTIME. With NumLock off it has the same name."""

    at: int
    key: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One kiosk: what stood on it, and what was pressed."""

    sights: Sequence[Sight]
    pressed: Sequence[KeyPressed]


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact as its station stored it."""

    seq: int
    mono: int
    said: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The fact's kind."""
        return str(self.said["kind"])


@dataclass(slots=True)
class Findings:
    """The counts. The first three must be 0."""

    foreign_directions: int = 0
    blind_answers: int = 0
    crashes: int = 0
    touches: int = 0
    directions: int = 0
    answers: int = 0
    shortest_seen_ms: int | None = None
    examples: list[str] = field(default_factory=list)


def stored_facts(outbox: Path) -> list[StoredFact]:
    """Read the facts of an outbox to which nobody writes any more."""
    with closing(sqlite3.connect(f"file:{outbox}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT place, body FROM facts WHERE body IS NOT NULL ORDER BY place").fetchall()
    facts = []
    for place, body in rows:
        said = msgspec.msgpack.decode(body)
        facts.append(StoredFact(place & _SEQ, said["at"][2], said))
    return facts


def judge(
    facts: Sequence[StoredFact],
    screens: Sequence[Screen],
    *,
    stems: Mapping[str, str],
    names: Mapping[bytes, str],
    findings: Findings,
) -> None:
    """Judge one station.

    Args:
        facts: What it stored, in order.
        screens: Its kiosks.
        stems: A question's text by its id, without blanks.
        names: The owner of each card, by its token.
        findings: Gets the counts.
    """
    for fact in facts:
        if fact.kind == "touch":
            findings.touches += 1
        elif fact.kind == "attempt":
            findings.answers += 1
            _judge_answer(fact, stems[fact.said["question"]], screens, findings)
        elif fact.kind == "direction_chosen":
            findings.directions += 1
            if not _was_meant(fact, facts, screens, names):
                findings.foreign_directions += 1
                findings.examples.append(f"foreign direction: seq {fact.seq} at {fact.mono}")


def _judge_answer(fact: StoredFact, stem: str, screens: Sequence[Screen], findings: Findings) -> None:
    seen_ms = _seen_ms(fact.mono, stem, screens)
    findings.shortest_seen_ms = min(
        seen_ms, findings.shortest_seen_ms if findings.shortest_seen_ms is not None else seen_ms
    )
    if seen_ms < SEEN_MS:
        findings.blind_answers += 1
        findings.examples.append(f"blind answer: seq {fact.seq} at {fact.mono}, seen for {seen_ms} ms")


def _seen_ms(answered: int, stem: str, screens: Sequence[Screen]) -> int:
    """Return how long the question had stood on the screen where it was answered; 0 if it stood on none.

    It was answered on the screen that showed the verdict next. If a touch covers every verdict, the screen on which the
    question stood longest is taken.
    """
    seen: list[tuple[int, int]] = []
    for screen in screens:
        shown = [run for run in runs(screen.sights, lambda text: _asks(text, stem)) if run[0] <= answered]
        if not shown or shown[-1][1] < answered - SAID_MS:
            continue
        verdict = next(
            (sight.since for sight in screen.sights if sight.since >= answered and _is_verdict(sight.text)), None
        )
        delay = SAID_MS if verdict is None else min(verdict - answered, SAID_MS)
        seen.append((delay, answered - shown[-1][0]))
    if not seen:
        return 0
    soonest = min(delay for delay, _ in seen)
    return max(long for delay, long in seen if delay <= soonest + LATE_MS)


def _asks(text: str, stem: str) -> bool:
    return stem in text and not _is_verdict(text) and "错题" not in text


def _is_verdict(text: str) -> bool:
    return "答对了" in text or "答错了" in text


def runs(sights: Sequence[Sight], holds: Callable[[str], bool]) -> list[tuple[int, int]]:
    """Return the spans in which something held on the screen, without a break longer than `TORN_MS`."""
    found: list[tuple[int, int]] = []
    for sight in sights:
        if not holds(sight.text):
            continue
        if found and sight.since - found[-1][1] <= TORN_MS:
            found[-1] = (found[-1][0], sight.until)
        else:
            found.append((sight.since, sight.until))
    return found


def _was_meant(
    chosen: StoredFact, facts: Sequence[StoredFact], screens: Sequence[Screen], names: Mapping[bytes, str]
) -> bool:
    """Return whether the card's owner asked for it: they touched again in time, pressed a key on that very screen, and
    then touched once more."""
    touched = next((one for one in facts if one.kind == "touch" and one.seq == chosen.said["touch"]["seq"]), None)
    if touched is None:
        return False
    card = touched.said["card"]
    touches = [one for one in facts if one.kind == "touch" and one.seq < chosen.seq]
    last = touches[-1]
    if (last.seq, last.mono, last.said["card"]) != (chosen.seq - 1, chosen.mono, card):  # the card decides, not the key
        return False
    if len(touches) == 1 or touches[-2].said["card"] != card:
        return False
    taps = [one.mono for one in touches[:-1] if one.said["card"] == card]
    offered_since = _offered_since(taps)
    keys = _keys_for(_direction_before(chosen, touched, facts), str(chosen.said["direction"]))
    return offered_since is not None and any(
        _pressed_on_it(screen, names[card], keys, since=offered_since, last_tap=taps[-1], confirmed=last.mono)
        for screen in screens
    )


def _offered_since(taps: Sequence[int]) -> int | None:
    """Return which touch began the last offer: the first of a row of touches that each came soon after another.

    The screens of several touches in a row look alike.
    """
    began: int | None = None
    for first, second in pairwise(taps):
        soon = second - first <= AGAIN_MS + LATE_MS
        began = None if not soon else second if began is None else began
    return began


def _direction_before(chosen: StoredFact, touched: StoredFact, facts: Sequence[StoredFact]) -> str | None:
    """Return the direction that the touch had before: by the station's rule, or by an earlier correction."""
    same = [one for one in facts if one.kind == "direction_chosen" and one.said["touch"] == chosen.said["touch"]]
    earlier = [str(one.said["direction"]) for one in same if one.seq < chosen.seq]
    return earlier[-1] if earlier else touched.said["direction"]


def _keys_for(before: str | None, direction: str) -> set[str]:
    """Return the keys that choose this direction: 7 or 8 if there was no direction, else 7 for the other one."""
    return {"8"} if before is None and direction == "out" else {"7"}


def _pressed_on_it(screen: Screen, name: str, keys: set[str], *, since: int, last_tap: int, confirmed: int) -> bool:
    """Return whether such a key came after the second touch's own screen had stood for long enough, and both came in
    time."""
    earliest = max(last_tap - LATE_MS, confirmed - AGAIN_MS - LATE_MS)
    latest = min(last_tap + AGAIN_MS + LATE_MS, confirmed)
    own = [run for run in runs(screen.sights, lambda text: _is_second_touch(text, name)) if run[1] > since]
    return any(
        max(begin, since) + SEEN_MS <= one.at <= end and earliest <= one.at <= latest
        for begin, end in own
        for one in screen.pressed
        if one.key in keys
    )


def _is_second_touch(text: str, name: str) -> bool:
    """Return whether this is the screen of a card that was touched again, with nothing chosen yet."""
    whose = re.search(
        rf"{re.escape(name)}(\d\d:\d\d|时间还没对准)", text
    )  # it also names people who touched just before
    return whose is not None and "已打卡" in text and "再刷一次这张卡，就改为" not in text and "，就记为" not in text
