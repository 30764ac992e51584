"""Who has come to random meetings, as the station shows it and by the plain words of the rules: no difference."""

from random import Random

from agent.kiosk.meeting_evidence import Evidence
from agent.kiosk.meeting_sign_ins import count_of, sign_ins, state_of
from protocol.cards import card_token
from protocol.facts import PersonVouched, Touch, TouchAnswer
from protocol.meetings import Expected, Meeting, Quorum, taking_back, vouching_for
from protocol.twin import Card, Desired, Person
from protocol.units import FactRef, Moment
from tests.agent.bench import CARD_KEY, STATION, Bench
from tests.server_broker.meetings.plain_signing import PlainMeeting, has_quorum, state, voters_there

MEETINGS = 150
PEOPLE = range(1, 8)
STRANGER = 7
"""Has a card and is expected nowhere."""
DAY = 1_795_478_400
"""Seconds: a whole minute."""
BOOT = b"an earlier boot-"


class Village:
    """What happened at the station, for both reckonings."""

    def __init__(self, station: Bench, plain: PlainMeeting, chance: Random) -> None:
        self.evidence = Evidence(clock=station.clock, twin=station.twin)
        self._plain, self._chance = plain, chance
        self._seq = 0
        self._waiting: list[tuple[int, int]] = []
        """Undated touches, whose next dated neighbour has not come: the person, and the second before."""

    def touch(self, person: int, second: int, *, dated: bool = True) -> FactRef:
        ref = self._next()
        at = Moment(wall=(DAY + second) * 1000, boot=BOOT, mono=0, quality="synced" if dated else "unknown")
        answer: TouchAnswer = "recorded" if self._chance.random() < 0.5 else "repeat"
        self.evidence.note(ref, Touch(at=at, card=_card(person), reader="fake", answer=answer))
        if dated:
            self._plain.touches.append((person, STATION, second))
            self.close(second)
        else:
            self._waiting.append((person, second))
        return ref

    def word(self, person: int, by: int, ref: FactRef, second: int, touched: int, *, back: bool = False) -> None:
        at = Moment(wall=(DAY + second) * 1000, boot=BOOT, mono=0, quality="synced")
        purpose = taking_back("m1") if back else vouching_for("m1")
        self.evidence.note(self._next(), PersonVouched(at=at, person=str(person), by=ref, purpose=purpose))
        self._plain.words.append((person, by, STATION, second, touched, back))

    def close(self, second: int) -> None:
        """Say what comes after the undated touches."""
        self._plain.undated += [(person, STATION, before, max(before, second)) for person, before in self._waiting]
        self._waiting.clear()

    def _next(self) -> FactRef:
        self._seq += 1
        return FactRef(epoch=bytes(16), seq=self._seq)


def _card(person: int) -> bytes:
    return card_token(CARD_KEY, f"04{person:012x}")


def _random_meeting(chance: Random) -> PlainMeeting:
    begin, denominator, more = 60 * chance.randint(120, 140), chance.randint(2, 5), chance.random() < 0.5
    expected = [person for person in PEOPLE if person != STRANGER]
    return PlainMeeting(
        begin=begin,
        end=begin + 60 * chance.randint(15, 90),
        stations={STATION},
        chair=chance.choice(expected),
        expected=expected,
        voters=set(chance.sample(expected, chance.randint(0, len(expected)))),
        more_than=more,
        numerator=chance.randint(1, denominator - 1),
        denominator=denominator,
    )


def _happens(village: Village, plain: PlainMeeting, chance: Random) -> int:
    """Have people touch, be entered and vouch, in the order of time; return the last second."""
    edges = (plain.begin - 3600, plain.begin, plain.begin + 600, plain.end)
    times = sorted(chance.choice(edges) + chance.choice((-61, -60, -1, 0, 1, 59, 60, 61, 300)) for _ in range(8))
    for second in times:
        person = chance.choice(PEOPLE)
        match chance.randrange(5):
            case 0:
                village.touch(person, second, dated=False)
            case 1 | 2:
                ref = village.touch(person, second)
                for _ in range(chance.randrange(2)):
                    village.word(chance.choice(plain.expected), person, ref, second + 5, second)
            case 3 if plain.words:
                # Whoever it is takes somebody back of whom something was said; only the chair's word counts.
                by = chance.choice((plain.chair, person))
                assert by is not None
                ref = village.touch(by, second)
                village.word(chance.choice(plain.words)[0], by, ref, second + 5, second, back=True)
            case _:
                assert plain.chair is not None
                ref = village.touch(plain.chair, second)
                village.word(chance.choice(plain.expected), plain.chair, ref, second + 5, second)
    return times[-1] + 10


def _announced(plain: PlainMeeting) -> Meeting:
    return Meeting(
        id="m1",
        title="示例会",
        kind="members",
        begin=(DAY + plain.begin) * 1000,
        end=(DAY + plain.end) * 1000,
        chair=str(plain.chair),
        expected=[Expected(person=str(one), name="示例", votes=one in plain.voters) for one in plain.expected],
        quorum=Quorum(
            rule="more_than" if plain.more_than else "at_least",
            numerator=plain.numerator,
            denominator=plain.denominator,
        ),
    )


def test_both_reckonings_say_the_same(station: Bench) -> None:
    people = [Person(id=str(person), name="示例") for person in PEOPLE]
    cards = [Card(token=_card(person), person=str(person)) for person in PEOPLE]
    station.accept(
        Desired(station=STATION, version=2, station_name="示例", village="示例村", people=people, cards=cards)
    )
    station.county_told((DAY + 86_400) * 1000)
    chance, seen = Random(20260305), set()
    for _ in range(MEETINGS):
        plain = _random_meeting(chance)
        village = Village(station, plain, chance)
        last = _happens(village, plain, chance)
        village.close(86_400)
        meeting, found = _announced(plain), sign_ins(_announced(plain), village.evidence)
        words = {"came": "signed_in", "late": "late", "undated": "undated"}
        for person in plain.expected:
            said = state_of(meeting, found, str(person))
            assert said == words.get(state(plain, person, last), ""), (plain, person)
            seen.add(said)
        count = count_of(meeting, found, now=(DAY + 86_400) * 1000)
        assert count.needed is not None
        assert count.voters_came == voters_there(plain, plain.voters, 86_400)
        assert count.began_with == voters_there(plain, plain.voters, plain.begin + 600)
        assert (count.voters > 0 and count.voters_came >= count.needed) == has_quorum(plain, 86_400)
        seen.add(f"entered {bool(found.entered)}")
    assert seen == {"signed_in", "late", "undated", "", "entered True", "entered False"}
