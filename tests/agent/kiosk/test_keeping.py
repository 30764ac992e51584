"""What a kiosk shows, and its visit, wait some seconds for the kiosk that takes its place; nobody else gets them."""

import pytest

from agent.kiosk.keeping import MAX_WAITING, WITHIN_MS
from protocol.facts import VisitEnded
from protocol.kiosk import Sorry
from protocol.kiosk_keeping import Hello, Keep, Kept
from protocol.kiosk_learning import AnswerQuestion, MapShown, Marked, OpenLevel, OpenMap, QuestionShown
from protocol.kiosk_visits import VisitShown
from tests.agent.bench import LI, ZHANG, Bench
from tests.agent.kiosk.test_learning import give_pack
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock

TOKEN, OTHER = "a" * 32, "b" * 32
STATE = '{"life":1}'
NOTHING = Kept()


def greet(station: Bench, kiosk: int, token: str = TOKEN, state: str = STATE) -> None:
    assert station.ask(Hello(token=token), kiosk=kiosk) == [NOTHING]
    assert station.ask(Keep(state=state), kiosk=kiosk) == []


def leave(station: Bench, kiosk: int) -> None:
    station.kiosk.keeping.kiosk_left(kiosk)


def test_the_next_kiosk_with_the_token_gets_the_state_once(station: Bench) -> None:
    greet(station, 1)
    leave(station, 1)
    assert station.ask(Hello(token=TOKEN), kiosk=2) == [Kept(state=STATE)]
    assert station.ask(Hello(token=TOKEN), kiosk=3) == [Kept(state=STATE)]  # a fall before it kept anything
    assert station.ask(Hello(token=OTHER), kiosk=4) == [NOTHING]


def test_a_visit_goes_on_at_the_next_kiosk_and_there_alone(station: Bench) -> None:
    greet(station, 2)
    visit = open_by_card(station, ZHANG, kiosk=2)
    station.ask(OpenMap(visit=visit.visit), kiosk=2)
    station.ask(Keep(state=STATE), kiosk=2)
    leave(station, 2)
    assert station.ask(Hello(token=TOKEN), kiosk=5) == [visit, Kept(state=STATE)]
    wanted = OpenMap(visit=visit.visit)
    assert isinstance(station.ask(wanted, kiosk=5)[0], MapShown)
    assert station.ask(wanted, kiosk=2) == [Sorry(reason="too_late", asked="open_map")]
    assert station.of(VisitEnded) == []


def test_a_level_in_a_visit_goes_on_with_its_lives(station: Bench) -> None:
    greet(station, 2)
    open_by_card(station, ZHANG, kiosk=2)
    give_pack(station)
    (question,) = station.ask(OpenLevel(pack="sample", level="1"), kiosk=2)
    assert isinstance(question, QuestionShown)
    answer = AnswerQuestion(run=question.run, question=question.question, chosen=[0])
    marked = station.ask(answer, kiosk=2)
    leave(station, 2)
    station.ask(Hello(token=TOKEN), kiosk=3)
    assert station.ask(answer, kiosk=3) == marked
    assert isinstance(marked[0], Marked)


def test_after_some_seconds_the_visit_has_ended_and_the_state_is_gone(station: Bench, system: FakeSystemClock) -> None:
    greet(station, 2)
    visit = open_by_card(station, ZHANG, kiosk=2)
    station.ask(OpenMap(visit=visit.visit), kiosk=2)
    station.ask(Keep(state=STATE), kiosk=2)
    leave(station, 2)
    system.pass_ms(WITHIN_MS)
    station.kiosk.keeping.tick()
    assert station.of(VisitEnded) == []
    system.pass_ms(1)
    station.kiosk.keeping.tick()
    assert [ended.why for ended in station.of(VisitEnded)] == ["restart"]
    assert station.ask(Hello(token=TOKEN), kiosk=3) == [NOTHING]


def test_a_kiosk_that_wants_nothing_of_before_ends_the_visit(station: Bench) -> None:
    greet(station, 2)
    visit = open_by_card(station, ZHANG, kiosk=2)
    leave(station, 2)
    station.ask(Hello(token=TOKEN, fresh=True), kiosk=3)
    assert station.recorded.answers[-2:] == [VisitShown(visit=visit.visit, ended="restart"), NOTHING]


def test_another_card_meanwhile_ends_the_visit_and_its_state(station: Bench) -> None:
    greet(station, 2)
    open_by_card(station, ZHANG, kiosk=2)
    station.ask(Keep(state=STATE), kiosk=2)
    leave(station, 2)
    station.touch(LI)
    assert station.ask(Hello(token=TOKEN), kiosk=3) == [NOTHING]


def test_a_hung_kiosk_is_replaced_while_it_still_seems_to_be_there(station: Bench) -> None:
    greet(station, 2)
    visit = open_by_card(station, ZHANG, kiosk=2)
    station.ask(Keep(state=STATE), kiosk=2)
    assert station.ask(Hello(token=TOKEN), kiosk=3) == [visit, Kept(state=STATE)]
    leave(station, 2)
    assert isinstance(station.ask(OpenMap(visit=visit.visit), kiosk=3)[0], MapShown)


def test_a_kiosk_without_a_token_keeps_nothing_and_one_token_is_all_that_a_kiosk_has(station: Bench) -> None:
    assert station.ask(Keep(state=STATE), kiosk=7) == []
    greet(station, 2)
    leave(station, 2)
    greet(station, 3, OTHER, state="mine")
    assert station.ask(Hello(token=TOKEN), kiosk=3) == [Kept(state="mine")]
    leave(station, 7)


def test_only_so_many_are_waited_for(station: Bench) -> None:
    tokens = [f"{number:032x}" for number in range(MAX_WAITING + 1)]
    for number, token in enumerate(tokens):
        greet(station, 10 + number, token)
        leave(station, 10 + number)
    assert station.ask(Hello(token=tokens[0]), kiosk=50) == [NOTHING]
    assert station.ask(Hello(token=tokens[-1]), kiosk=51) == [Kept(state=STATE)]


@pytest.mark.parametrize("token", [TOKEN, OTHER])
def test_a_kiosk_that_leaves_twice_changes_nothing(station: Bench, token: str) -> None:
    greet(station, 2, token)
    leave(station, 2)
    leave(station, 2)
    assert station.ask(Hello(token=token), kiosk=3) == [Kept(state=STATE)]
