"""Who came to random meetings, reckoned by the product and once more by the plain words of the rules: no difference."""

import datetime as dt
import random

from protocol.meetings import Quorum
from server_broker.meetings.signing import (
    Away,
    Facts,
    Plan,
    Touched,
    Vouched,
    quorum_after_start,
    quorum_at_vote,
    standings,
)
from tests.server_broker.meetings.plain_signing import PlainMeeting, has_quorum, state, voters_then, voters_there

MEETINGS = 400
DAY = dt.datetime(2026, 3, 5, tzinfo=dt.UTC)
STATIONS = ("shili-01", "yanshi-01")


def moment(second: int) -> dt.datetime:
    return DAY + dt.timedelta(seconds=second)


def random_meeting(chance: random.Random) -> PlainMeeting:
    people = list(range(1, chance.randint(2, 9)))
    begin = 60 * chance.randint(480, 540)
    end = begin + 60 * chance.randint(15, 120)
    denominator = chance.randint(1, 5)
    more = denominator > 1 and chance.random() < 0.5

    def near() -> int:
        """A second about one of the edges, or anywhere near."""
        edge = chance.choice((begin - 3600, begin, begin + 600, end, chance.randint(begin - 5000, end + 1000)))
        return edge + chance.choice((-61, -60, -1, 0, 1, 59, 60, 61, chance.randint(-900, 900)))

    def anybody() -> int:
        return chance.choice([*people, 90])

    meeting = PlainMeeting(
        begin=begin,
        end=end,
        stations=set(chance.sample(STATIONS, chance.randint(1, 2))),
        chair=chance.choice([*people, None]),
        expected=people,
        voters=set(chance.sample(people, chance.randint(0, len(people)))),
        more_than=more,
        numerator=chance.randint(1, denominator - 1 if more else denominator),
        denominator=denominator,
        told_until=chance.choice((None, near(), end + 9000)),
    )
    meeting.touches = [(anybody(), chance.choice(STATIONS), near()) for _ in range(chance.randint(0, 5))]
    for _ in range(chance.randint(0, 2)):
        before, after = sorted((near(), near()))
        meeting.undated.append((anybody(), chance.choice(STATIONS), before, after))
    for _ in range(chance.randint(0, 6)):
        said, by = near(), chance.choice([*people, meeting.chair or 1, 90])
        touched = chance.choice((None, said + chance.choice((-60, -1, 0, 30)), near()))
        at, back = chance.choice((None, said, said)), chance.random() < 0.15
        word = (chance.choice(people), by, chance.choice(STATIONS), at, touched, back)
        meeting.words.append(word)
    if meeting.chair is not None and chance.random() < 0.5:
        # As a kiosk does it: the chair enters somebody, and another of them confirms it.
        whom, where, said = chance.choice(people), chance.choice(STATIONS), near()
        touched = said + chance.choice((-60, -1, 0, 1, 59, 60, 400))
        meeting.words.append((whom, meeting.chair, where, said, said - 9, False))
        meeting.words.append((whom, chance.choice(people), where, touched + 5, touched, False))
        if chance.random() < 0.4:
            later = touched + chance.choice((1, 60, 600))
            meeting.words.append((whom, meeting.chair, where, chance.choice((later, later, None)), later - 9, True))
    for _ in range(chance.randint(0, 3)):
        since = 60 * (begin // 60 + chance.choice((-30, -1, 0, 0, 1, 10)))
        until = 60 * (end // 60 + chance.choice((-10, -1, 0, 0, 1, 30)))
        if since < until:
            kind = chance.choice(("leave", "field_duty", "meeting"))
            meeting.away.append((chance.choice(people), kind, since, until))
    return meeting


def of_product(meeting: PlainMeeting) -> tuple[Plan, Facts]:
    plan = Plan(
        begin=moment(meeting.begin),
        end=moment(meeting.end),
        stations=frozenset(meeting.stations),
        chair=meeting.chair,
        expected=meeting.expected,
        voters=frozenset(meeting.voters),
        quorum=Quorum(
            rule="more_than" if meeting.more_than else "at_least",
            numerator=meeting.numerator,
            denominator=meeting.denominator,
        ),
    )
    touched = [Touched(who, where, moment(at)) for who, where, at in meeting.touches]
    touched += [Touched(who, where, None, moment(a), moment(b)) for who, where, a, b in meeting.undated]
    words = [
        Vouched(
            person,
            by,
            where,
            None if at is None else moment(at),
            None if touched_at is None else moment(touched_at),
            back,
        )
        for person, by, where, at, touched_at, back in meeting.words
    ]
    away = [Away(who, kind, moment(begin), moment(end)) for who, kind, begin, end in meeting.away]
    told = None if meeting.told_until is None else moment(meeting.told_until)
    return plan, Facts(touched, words, away, told)


def test_both_reckonings_say_the_same() -> None:
    chance = random.Random(20260305)
    seen: dict[str, int] = {}
    quorums, taken_back = set(), 0
    for _ in range(MEETINGS):
        meeting = random_meeting(chance)
        plan, facts = of_product(meeting)
        now = meeting.end + chance.choice((-600, 0, 59, 60, 7200))
        found = standings(plan, facts, moment(now))
        told = {one.person: str(one.state) for one in found}
        assert told == {person: state(meeting, person, now) for person in meeting.expected}, meeting
        for at in (meeting.begin + 600, meeting.begin + chance.randint(-600, 4000)):
            judged = quorum_at_vote(plan, found, moment(at))
            assert judged is not None
            assert judged.there == voters_then(meeting, at), meeting
            taken_back += judged.there != voters_there(meeting, meeting.voters, at)
        begun = quorum_after_start(plan, found)
        assert begun is not None
        assert begun.there == voters_there(meeting, meeting.voters, meeting.begin + 600)
        assert begun.is_reached == has_quorum(meeting, meeting.begin + 600), meeting
        quorums.add(begun.is_reached)
        for word in told.values():
            seen[word] = seen.get(word, 0) + 1
    # Each state comes up often enough that a mistake in it would show.
    assert min(seen.get(word, 0) for word in ("came", "late", "excused", "undated", "coming", "awaited", "absent")) > 20
    assert quorums == {True, False}
    assert taken_back > 5
