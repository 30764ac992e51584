"""What is learnt in a visit is its person's: on disk, after a restart, and together with what the county knows."""

from pathlib import Path

from protocol.bundle_contents import LevelProgress, Progress
from protocol.facts import Attempt, LevelEnded, Touch
from protocol.kiosk import Sorry
from protocol.kiosk_learning import AnswerQuestion, OpenLevel, QuestionShown
from protocol.kiosk_visits import EndVisit, MineShown, OpenMine
from tests.agent.bench import LI, ZHANG, Bench, bench, desired
from tests.agent.kiosk.test_learning import give_pack, play
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock


def stars(station: Bench, visit: str) -> dict[str, int]:
    (mine,) = station.ask(OpenMine(visit=visit, what="learning"))
    assert isinstance(mine, MineShown)
    return {level.level: level.best_stars for level in mine.levels}


def test_a_run_in_a_visit_is_its_persons(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        assert stars(station, visit.visit) == {"1": 0}
        play(station, [True] * 5)
        assert stars(station, visit.visit) == {"1": 3, "2": 0}
        assert [level.best_stars for level in station.learning.levels()] == [0]
        station.ask(EndVisit(visit=visit.visit))
        touched = [ref for ref, fact in station.recent_now() if isinstance(fact, Touch)]
        by = {fact.by for fact in station.of(Attempt)} | {fact.by for fact in station.of(LevelEnded)}
        assert by == set(touched)
        other = open_by_card(station, LI)
        assert stars(station, other.visit) == {"1": 0}
    with bench(tmp_path, system) as again:
        give_pack(again)
        system.pass_ms(200_000)
        visit = open_by_card(again, ZHANG)
        assert stars(again, visit.visit) == {"1": 3, "2": 0}


def test_progress_is_computed_from_the_outbox_if_its_own_list_is_lost(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        open_by_card(station, ZHANG)
        play(station, [True] * 5)
        station.outbox.put("stars_of", b"\xc1")
    with bench(tmp_path, system) as again:
        assert again.kiosk.progress.stars("p1") == {"sample/1": 3}


def test_the_best_of_here_and_the_county_counts(station: Bench) -> None:
    station.bundles.put(
        "progress", Progress(person="p1", as_of=1, levels=[LevelProgress(pack="sample", level="1", stars=2)]), name="p1"
    )
    assert station.kiosk.progress.stars("p1") == {"sample/1": 2}
    station.kiosk.progress.reached("p1", "sample", "1", 1)
    assert station.kiosk.progress.stars("p1") == {"sample/1": 2}
    assert station.kiosk.progress.stars("p2") == {}


def test_a_persons_run_ends_with_the_visit_and_is_nobodys_at_another_kiosk(station: Bench) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    (question,) = station.ask(OpenLevel(pack="sample", level="1"))
    assert isinstance(question, QuestionShown)
    answer = AnswerQuestion(run=question.run, question=question.question, chosen=[0])
    assert station.ask(answer, kiosk=2) == [Sorry(reason="unknown_run", asked="answer")]
    station.ask(EndVisit(visit=visit.visit))
    assert station.ask(answer) == [Sorry(reason="unknown_run", asked="answer")]
    assert station.of(Attempt) == []
