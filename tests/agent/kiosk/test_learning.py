"""The quiz: five questions, three lives, and each answer is a fact before it is graded."""

from pathlib import Path

import msgspec
import pytest

from agent.kiosk.clips import ClipBook
from protocol.codec import encode
from protocol.facts import Attempt, LevelEnded
from protocol.kiosk import Sorry
from protocol.kiosk_documents import AskPicture, PictureShown
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelChoice,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenPack,
    PackShown,
    QuestionShown,
)
from tests.agent.bench import Bench, bench, desired
from tests.agent.sample import pack, sealed
from tests.agent.shelf.test_change_of_bundle import take
from tests.fakes.clockwork import FakeSystemClock


@pytest.fixture
def player(station: Bench) -> Bench:
    give_pack(station)
    return station


def give_pack(station: Bench) -> None:
    ref, file = sealed(pack())
    station.files[ref.sha256] = file
    station.accept(desired(version=station.twin.version + 1, packs=[ref]))
    station.packs.want([ref])
    if not station.packs.packs():
        station.packs.tick()
        assert station.packs.fetched(station.fetched())


def levels(station: Bench) -> list[LevelChoice]:
    """The levels of the one pack, as somebody sees them who has not shown who they are."""
    (shown,) = station.ask(OpenPack(pack="sample"))
    assert isinstance(shown, PackShown)
    return shown.levels


def last(station: Bench) -> object:
    return station.recorded.answers[-1]


def opened(station: Bench, level: str = "1") -> QuestionShown:
    station.learning.open_level(1, OpenLevel(pack="sample", level=level))
    shown = last(station)
    assert isinstance(shown, QuestionShown)
    return shown


def answer(station: Bench, shown: QuestionShown, *, right: bool) -> Marked:
    place = shown.options.index("乙" if right else "甲")
    station.learning.answer_question(1, AnswerQuestion(run=shown.run, question=shown.question, chosen=[place]))
    marked = last(station)
    assert isinstance(marked, Marked)
    return marked


def go_on(station: Bench, shown: QuestionShown) -> object:
    station.learning.next_question(1, NextQuestion(run=shown.run))
    return last(station)


def play(station: Bench, rights: list[bool], *, level: str = "1") -> LevelOver:
    shown: object = opened(station, level)
    for right in rights:
        assert isinstance(shown, QuestionShown)
        answer(station, shown, right=right)
        shown = go_on(station, shown)
    assert isinstance(shown, LevelOver)
    return shown


def test_a_question_is_shown_shuffled_without_its_answer(player: Bench) -> None:
    shown = opened(player)
    assert (shown.number, shown.of, shown.lives, shown.kind, shown.sample) == (1, 5, 3, "single", True)
    assert sorted(shown.options) == sorted("甲乙丙丁")


@pytest.mark.parametrize(("wrong", "stars"), [(0, 3), (1, 2), (2, 1)])
def test_stars_are_the_lives_left(player: Bench, wrong: int, stars: int) -> None:
    over = play(player, [False] * wrong + [True] * (5 - wrong))
    assert (over.passed, over.stars, over.right, over.of) == (True, stars, 5 - wrong, 5)
    (ended,) = player.of(LevelEnded)
    assert (ended.passed, ended.stars, ended.level) == (True, stars, "1")


def test_without_lives_the_level_is_over_at_once(player: Bench) -> None:
    over = play(player, [True, False, False, False])
    assert (over.passed, over.stars, over.right) == (False, 0, 1)
    assert len(player.of(Attempt)) == 4
    assert [ended.passed for ended in player.of(LevelEnded)] == [False]


def test_the_fact_comes_before_the_mark_and_names_the_packs_own_numbers(player: Bench) -> None:
    shown = opened(player)
    marked = answer(player, shown, right=True)
    kinds = [who for who, _ in player.recorded.order]
    assert kinds[-2:] == ["commit", "kiosk 1"]
    (attempt,) = player.of(Attempt)
    assert (attempt.chosen, attempt.right, attempt.lives_left, attempt.question) == ([1], True, 3, shown.question)
    assert marked.answer == [shown.options.index("乙")]
    assert (marked.explanation, marked.source) == ("示例解释", "示例来源")


def test_a_fact_tells_how_long_the_answer_took(player: Bench, system: FakeSystemClock) -> None:
    shown: object = opened(player)
    for right, seconds in [(True, 8), (False, 3), (False, 100_000), (False, 2)]:
        assert isinstance(shown, QuestionShown)
        system.pass_ms(2_000 * seconds)
        assert go_on(player, shown) == shown
        system.pass_ms(1_000 * seconds)
        answer(player, shown, right=right)
        system.pass_ms(60_000)
        shown = go_on(player, shown)
    assert [fact.took_ms for fact in player.of(Attempt)] == [24_000, 9_000, 86_400_000, 6_000]
    assert [fact.took_ms for fact in player.of(LevelEnded)] == [86_400_000]


def test_a_clock_that_is_set_does_not_change_how_long_it_took(player: Bench, system: FakeSystemClock) -> None:
    shown = opened(player)
    system.wall -= 3_600_000
    system.pass_ms(5_000)
    answer(player, shown, right=True)
    assert [fact.took_ms for fact in player.of(Attempt)] == [5_000]


def test_an_answer_on_a_full_disk_is_not_graded_and_can_be_given_again(player: Bench) -> None:
    shown = opened(player)
    player.outbox.fill_disk()
    player.learning.answer_question(1, AnswerQuestion(run=shown.run, question=shown.question, chosen=[0]))
    assert last(player) == Sorry(reason="not_recorded", asked="answer")
    player.outbox.error = None
    answer(player, shown, right=True)
    assert len(player.of(Attempt)) == 1


def test_a_key_pressed_twice_counts_once(player: Bench) -> None:
    shown = opened(player)
    assert answer(player, shown, right=True) == answer(player, shown, right=False)
    assert len(player.of(Attempt)) == 1


def test_next_before_an_answer_shows_the_same_question(player: Bench) -> None:
    shown = opened(player)
    assert go_on(player, shown) == shown


def test_passing_opens_the_next_level_and_the_best_stars_stay(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        give_pack(before)
        assert [(level.level, level.open) for level in levels(before)] == [("1", True), ("2", False)]
        play(before, [False, True, True, True, True])
        play(before, [False, False, True, True, True])
    with bench(tmp_path, system) as after:
        give_pack(after)
        assert [(level.level, level.best_stars, level.open) for level in levels(after)] == [
            ("1", 2, True),
            ("2", 0, True),
        ]


def test_runs_end_with_the_agent(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as before:
        give_pack(before)
        shown = opened(before)
    with bench(tmp_path, system) as after:
        give_pack(after)
        after.learning.answer_question(1, AnswerQuestion(run=shown.run, question=shown.question, chosen=[0]))
        assert last(after) == Sorry(reason="unknown_run", asked="answer")
        assert go_on(after, shown) == Sorry(reason="unknown_run", asked="next")


@pytest.mark.parametrize(("pack_id", "level"), [("sample", "2"), ("sample", "9"), ("other", "1")])
def test_a_level_that_is_closed_or_missing(player: Bench, pack_id: str, level: str) -> None:
    player.learning.open_level(1, OpenLevel(pack=pack_id, level=level))
    assert last(player) == Sorry(reason="no_such_level", asked="open_level")


def test_answers_that_fit_no_question(player: Bench) -> None:
    shown = opened(player)
    for question, chosen in [("q99", [0]), (shown.question, [5])]:
        player.learning.answer_question(1, AnswerQuestion(run=shown.run, question=question, chosen=chosen))
        assert last(player) == Sorry(reason="malformed", asked="answer")
    player.learning.answer_question(1, AnswerQuestion(run="no hex", question="q", chosen=[0]))
    assert last(player) == Sorry(reason="unknown_run", asked="answer")
    assert player.of(Attempt) == []


def test_only_so_many_runs_are_kept(player: Bench) -> None:
    first = opened(player)
    for _ in range(8):
        opened(player)
    assert go_on(player, first) == Sorry(reason="unknown_run", asked="next")


def test_a_pack_that_is_taken_back_while_it_is_played_is_played_to_its_end(player: Bench) -> None:
    shown: object = opened(player)
    player.accept(desired(version=player.twin.version + 1, packs=[]))
    player.packs.want([])
    assert player.learning.packs(None) == []
    for _ in range(5):
        assert isinstance(shown, QuestionShown)
        answer(player, shown, right=True)
        shown = go_on(player, shown)
    assert isinstance(shown, LevelOver)
    assert (shown.passed, shown.right) == (True, 5)
    # Each answer is a fact of the pack that was played, and nobody can begin it again.
    assert {(attempt.pack, attempt.pack_version) for attempt in player.of(Attempt)} == {("sample", 1)}
    assert len(player.of(Attempt)) == 5
    player.learning.open_level(1, OpenLevel(pack="sample", level="1"))
    assert last(player) == Sorry(reason="no_such_level", asked="open_level")


def pictured(version: int, content: bytes, station: Bench) -> None:
    """The county publishes a version of the pack in which each question has the picture ``a.jpg``."""
    made = pack(version=version)
    levels = [
        msgspec.structs.replace(
            level, questions=[msgspec.structs.replace(one, picture="a.jpg", sound="a.opus") for one in level.questions]
        )
        for level in made.levels
    ]
    items = [station.county.item("a.jpg", content), station.county.item("a.opus", content)]
    shown = msgspec.structs.replace(made, levels=levels if version == 1 else levels[1:])
    station.county.publish("sample", version, encode(shown), kind="questions", items=items)
    take(station)


def picture_of(station: Bench, shown: QuestionShown) -> bytes:
    assert shown.picture is not None
    (answered,) = station.ask(AskPicture(bundle=shown.pack, item=shown.picture, version=shown.pack_version))
    assert isinstance(answered, PictureShown)
    return answered.content


def test_a_pack_that_is_replaced_while_it_is_played_is_played_to_its_end(station: Bench) -> None:
    """The new version has not the level any more, and another picture and sound by the old names."""
    pictured(1, b"of version 1", station)
    shown: object = opened(station)
    assert isinstance(shown, QuestionShown)
    assert picture_of(station, shown) == b"of version 1"
    clips = ClipBook(station.shelf.offered)
    asked = station.learning.open_question(1, shown.run)
    assert asked is not None
    assert clips.question(asked.pack, asked.version, asked.question) == b"of version 1"
    pictured(2, b"of version 2", station)
    assert [one.version for one in station.learning.packs(None)] == [2]
    for _ in range(5):
        assert isinstance(shown, QuestionShown)
        assert picture_of(station, shown) == b"", "no picture rather than another one"
        asked = station.learning.open_question(1, shown.run)
        assert asked is not None
        assert not clips.has_question(asked.pack, asked.version, asked.question), "and no other sound"
        answer(station, shown, right=True)
        shown = go_on(station, shown)
    assert isinstance(shown, LevelOver)
    assert (shown.passed, shown.stars) == (True, 3)
    assert {(attempt.pack, attempt.pack_version) for attempt in station.of(Attempt)} == {("sample", 1)}
    station.learning.open_level(1, OpenLevel(pack="sample", level="1"))
    assert last(station) == Sorry(reason="no_such_level", asked="open_level")
    after = opened(station, "2")
    assert (after.pack_version, picture_of(station, after)) == (2, b"of version 2")


def test_a_question_whose_picture_is_none_is_asked_and_answered(station: Bench) -> None:
    """The county's release refuses such a pack. Whatever comes is sent as it is, and the kiosk says that it shows
    nothing."""
    pictured(1, b"no picture", station)
    shown = opened(station)
    assert picture_of(station, shown) == b"no picture"
    assert answer(station, shown, right=True).right
