"""What is learnt in a visit is its person's: on disk, after a restart, and together with what the county knows."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import msgspec

from agent.kiosk.learning import MAX_RUNS
from protocol.courses import Courses, Menu, Requirement, Taken
from protocol.facts import Attempt, LevelEnded, PackChosen, Touch
from protocol.kiosk import Sorry, ToAgent
from protocol.kiosk_learning import (
    AnswerQuestion,
    ChoosePack,
    LevelOver,
    MapShown,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    OpenReview,
    PackShown,
    QuestionShown,
)
from protocol.kiosk_visits import EndVisit, VisitShown
from protocol.progress import (
    AmendedAnswer,
    Choice,
    Due,
    LevelProgress,
    Progress,
    StreamThrough,
    Tries,
    Try,
    UndatedWrong,
)
from protocol.units import FactRef
from tests.agent.bench import LI, ZHANG, Bench, bench, desired
from tests.agent.kiosk.test_learning import answer, give_pack, go_on, levels, opened, play
from tests.agent.kiosk.village_pins import ZHANG_PIN, allow_numbers, enter, open_by_card
from tests.agent.sample import pack, sealed
from tests.fakes.clockwork import FakeSystemClock

DAY_MS = 86_400_000


def the_map(station: Bench, visit: VisitShown, *, kiosk: int = 1) -> MapShown:
    (shown,) = station.ask(OpenMap(visit=visit.visit), kiosk=kiosk)
    assert isinstance(shown, MapShown)
    return shown


def pack_of(station: Bench, visit: VisitShown, *, kiosk: int = 1) -> PackShown:
    (shown,) = station.ask(OpenPack(visit=visit.visit, pack="sample"), kiosk=kiosk)
    assert isinstance(shown, PackShown)
    return shown


def stars(station: Bench, visit: VisitShown, *, kiosk: int = 1) -> dict[str, int]:
    levels_shown = pack_of(station, visit, kiosk=kiosk).levels
    return {level.level: level.best_stars for level in levels_shown if level.open}


def come(station: Bench, system: FakeSystemClock, *, after_days: int = 0, card: str = ZHANG) -> VisitShown:
    """Somebody comes back after some days and opens a visit by their card."""
    system.pass_ms(after_days * DAY_MS + 200_000)
    return open_by_card(station, card)


IN_PACK = [question.id for level in pack().levels for question in level.questions]


def wrong_at(walls: Mapping[str, int]) -> Progress:
    """What the county tells of somebody who answered these questions of the sample wrongly at these times."""
    tries = [Tries(pack="sample", question=one, tries=[Try(wall=wall, right=False)]) for one, wall in walls.items()]
    return Progress(person="p1", as_of=1, questions=tries)


def own_facts(station: Bench) -> list[tuple[FactRef, Attempt]]:
    return [(ref, fact) for ref, fact in station.recent_now() if isinstance(fact, Attempt)]


def correct(station: Bench, wrong: Attempt) -> None:
    """A version of the pack comes by which this answer is right."""
    better = pack(version=2)
    for level in better.levels:
        for place, one in enumerate(level.questions):
            answer_now = wrong.chosen if one.id == wrong.question else one.answer
            level.questions[place] = msgspec.structs.replace(one, answer=answer_now, key_since=1)
    ref, file = sealed(better)
    station.files[ref.sha256] = file
    station.accept(desired(version=station.twin.version + 1, packs=[ref]))
    station.packs.want([ref])
    station.packs.tick()
    assert station.packs.fetched(station.fetched())


def test_a_run_in_a_visit_is_its_persons(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        assert stars(station, visit) == {"1": 0}
        play(station, [True] * 5)
        assert stars(station, visit) == {"1": 3, "2": 0}
        assert [level.best_stars for level in levels(station)] == [0, 0]
        station.ask(EndVisit(visit=visit.visit))
        touched = [ref for ref, fact in station.recent_now() if isinstance(fact, Touch)]
        by = {fact.by for fact in station.of(Attempt)} | {fact.by for fact in station.of(LevelEnded)}
        assert by == set(touched)
        other = open_by_card(station, LI)
        assert stars(station, other) == {"1": 0}
    with bench(tmp_path, system) as again:
        give_pack(again)
        assert stars(again, come(again, system)) == {"1": 3, "2": 0}


def test_after_a_restart_answers_are_whose_visit_it_was_and_not_whose_the_card_is_now(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        the_map(station, visit)
        play(station, [True] * 5)
        station.ask(EndVisit(visit=visit.visit))
        now_lis = [msgspec.structs.replace(card, person="p2") for card in desired().cards]
        station.accept(msgspec.structs.replace(desired(version=station.twin.version + 1), cards=now_lis))
        station.outbox.put("learnt p1", b"\xc1")
    with bench(tmp_path, system) as again:
        learnt = again.kiosk.progress.learnt
        assert (learnt("p1").stars("sample", "1"), learnt("p2").stars("sample", "1")) == (3, 0)


def test_what_was_learnt_is_read_from_the_outbox_if_its_own_list_is_lost(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        open_by_card(station, ZHANG)
        play(station, [False, True, True, True, True])
        station.outbox.put("learnt p1", b"\xc1")
    with bench(tmp_path, system) as again:
        give_pack(again)
        visit = come(again, system)
        assert stars(again, visit) == {"1": 2, "2": 0}
        book = the_map(again, visit).book
        assert book is not None
        assert book.all == 1


def test_the_best_of_here_and_the_county_counts(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    station.bundles.put(
        "progress", Progress(person="p1", as_of=1, levels=[LevelProgress(pack="sample", level="1", stars=2)]), name="p1"
    )
    visit = open_by_card(station, ZHANG)
    assert stars(station, visit) == {"1": 2, "2": 0}
    play(station, [False, False, True, True, True])
    assert stars(station, visit) == {"1": 2, "2": 0}


def test_a_wrong_answer_comes_back_on_the_next_day_and_then_later_and_later(
    station: Bench, system: FakeSystemClock
) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    over = play(station, [False, True, True, True, True])
    today = station.kiosk.progress.today()
    assert over.back == (today + timedelta(days=1)).isoformat()
    assert (the_map(station, visit).book or 0) != 0
    assert station.ask(OpenReview(visit=visit.visit)) == [Sorry(reason="nothing_due", asked="open_review")]
    wrong = next(fact.question for fact in station.of(Attempt) if not fact.right)
    station.ask(EndVisit(visit=visit.visit))
    gaps: list[int] = []
    for _ in range(3):
        visit = come(station, system, after_days=gaps[-1] if gaps else 1)
        (shown,) = station.ask(OpenReview(visit=visit.visit))
        assert isinstance(shown, QuestionShown)
        assert (shown.question, shown.mode, shown.of) == (wrong, "review", 1)
        answer(station, shown, right=True)
        reviewed = go_on(station, shown)
        assert isinstance(reviewed, LevelOver)
        assert (reviewed.mode, reviewed.right, reviewed.of, reviewed.left) == ("review", 1, 1, 0)
        book = the_map(station, visit).book
        assert book is not None
        if book.next is None:
            break
        gaps.append((date.fromisoformat(book.next) - station.kiosk.progress.today()).days)
        station.ask(EndVisit(visit=visit.visit))
    assert gaps == sorted(gaps)
    assert gaps[-1] > 1
    assert {fact.mode for fact in station.of(Attempt)} == {"level", "review"}


def test_a_wrong_answer_in_a_review_takes_no_life_and_ends_no_level(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    play(station, [False, False, True, True, True])
    station.ask(EndVisit(visit=visit.visit))
    visit = come(station, system, after_days=1)
    (shown,) = station.ask(OpenReview(visit=visit.visit))
    assert isinstance(shown, QuestionShown)
    marked = answer(station, shown, right=False)
    assert (marked.right, marked.lives) == (False, 3)
    assert len(station.of(LevelEnded)) == 1


def test_at_most_ten_are_reviewed_in_a_day(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    now = station.clock.now().wall
    station.bundles.put("progress", wrong_at(dict.fromkeys(IN_PACK, now - 3 * DAY_MS)), name="p1")
    visit = open_by_card(station, ZHANG)
    book = the_map(station, visit).book
    assert book is not None
    assert (book.due, book.all, book.rested) == (10, 14, False)
    (shown,) = station.ask(OpenReview(visit=visit.visit))
    while isinstance(shown, QuestionShown):
        answer(station, shown, right=True)
        shown = go_on(station, shown)
    assert isinstance(shown, LevelOver)
    assert (shown.right, shown.of, shown.left) == (10, 10, 0)
    book = the_map(station, visit).book
    assert book is not None
    assert (book.due, book.rested) == (0, True)


def test_questions_that_left_their_pack_keep_nobody_from_the_others(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    now = station.clock.now().wall
    gone = {f"gone{n:02}": now - 9 * DAY_MS for n in range(12)}
    left = dict.fromkeys(IN_PACK[:2], now - 3 * DAY_MS)
    station.bundles.put("progress", wrong_at(gone | left), name="p1")
    visit = open_by_card(station, ZHANG)
    book = the_map(station, visit).book
    assert book is not None
    assert (book.due, book.all) == (2, 2)
    (shown,) = station.ask(OpenReview(visit=visit.visit))
    while isinstance(shown, QuestionShown):
        answer(station, shown, right=True)
        shown = go_on(station, shown)
    assert isinstance(shown, LevelOver)
    assert (shown.of, shown.left) == (2, 0)


def test_what_the_county_has_of_here_is_not_counted_twice(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        play(station, [False, True, True, True, True])
        station.ask(EndVisit(visit=visit.visit))
        before = station.kiosk.progress.learnt("p1").history
        refs = own_facts(station)
        told = Progress(
            person="p1",
            as_of=1,
            questions=[
                Tries(
                    pack=fact.pack,
                    question=fact.question,
                    tries=[Try(wall=fact.at.wall, right=fact.right)],
                )
                for _, fact in refs
            ],
            heads=[StreamThrough(epoch=refs[-1][0].epoch, seq=refs[-1][0].seq + 1)],
        )
        station.bundles.put("progress", told, name="p1")
        assert station.kiosk.progress.learnt("p1").history == before
        station.kiosk.progress.keep("p1")
        assert station.kiosk.progress.learnt("p1").history == before
        assert station.kiosk.progress.levels_ended_today("p1") == 1, "today's count for today's limit"


def test_a_clock_that_knows_nothing_leaves_the_due_day_open_until_it_knows(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        over = play(station, [False, True, True, True, True])
        assert over.back is None
        book = the_map(station, visit).book
        assert book is not None
        assert (book.due, book.all, book.undated, book.next) == (0, 1, 1, None)
        facts = station.clock.take_county_time(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        station.fact_writer.owe(*facts)
        book = the_map(station, visit).book
        assert book is not None
        assert (book.undated, book.next is not None) == (0, True)


def test_an_undated_answer_that_the_county_named_is_this_stations_to_date_and_to_mark(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        give_pack(station)
        visit = open_by_card(station, ZHANG)
        play(station, [False, True, True, True, True])
        (ref, wrong), (last, _) = own_facts(station)[0], own_facts(station)[-1]
        named = UndatedWrong(pack=wrong.pack, question=wrong.question, epoch=ref.epoch, seq=ref.seq)
        elsewhere = UndatedWrong(pack=wrong.pack, question="elsewhere", epoch=bytes(16), seq=ref.seq)
        told = Progress(
            person="p1",
            as_of=1,
            questions=[Tries(pack=one.pack, question=one.question, tries=[]) for one in (elsewhere, named)],
            undated=[elsewhere, named],
            heads=[StreamThrough(epoch=last.epoch, seq=last.seq + 1)],
        )
        station.bundles.put("progress", told, name="p1")
        correct(station, wrong)
        assert len(station.kiosk.progress.learnt("p1").book()) == 2, "until the time is known it is the county's to say"
        facts = station.clock.take_county_time(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        station.fact_writer.owe(*facts)
        assert station.kiosk.progress.learnt("p1").book() == [Due((wrong.pack, "elsewhere"), None)]
        assert the_map(station, visit).book is not None


def test_five_levels_a_day_and_then_it_is_enough(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    for left in (5, 4, 3, 2, 1):
        assert the_map(station, visit).levels_left == pack_of(station, visit).levels_left == left
        over = play(station, [False, False, False])
        assert (over.levels_left, over.left) == (left - 1, 0), "what went wrong today is asked on a later day"
    nothing_left = Sorry(reason="done_today", asked="open_level")
    assert station.ask(OpenLevel(pack="sample", level="1")) == [nothing_left]
    assert station.ask(OpenReview(visit=visit.visit)) == [Sorry(reason="done_today", asked="open_review")]
    station.ask(EndVisit(visit=visit.visit))
    # Whoever plays without a card is nobody that could be counted.
    assert play(station, [False, False, False]).levels_left is None
    visit = come(station, system, after_days=1)
    assert the_map(station, visit).levels_left == 5


def test_after_the_last_level_of_a_day_the_wrong_book_is_left(station: Bench) -> None:
    give_pack(station)
    wall = station.clock.now().wall - 3 * DAY_MS
    station.bundles.put("progress", wrong_at({"q10": wall, "q11": wall}), name="p1")
    visit = open_by_card(station, ZHANG)
    for left in (4, 3, 2, 1, 0):
        over = play(station, [False, False, False])
        assert (over.levels_left, over.left) == (left, 2)
    assert station.ask(OpenLevel(pack="sample", level="1")) == [Sorry(reason="enough_today", asked="open_level")]
    shown: object = question_at(station, 1, OpenReview(visit=visit.visit))
    while isinstance(shown, QuestionShown):
        shown = answer_at(station, 1, shown, right=True)
    assert isinstance(shown, LevelOver)
    assert (shown.levels_left, shown.left) == (0, 0)
    assert station.ask(OpenLevel(pack="sample", level="1")) == [Sorry(reason="done_today", asked="open_level")]


def test_a_level_that_is_left_costs_none_of_the_day_and_its_wrong_answers_stay(station: Bench) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    answer(station, opened(station), right=False)
    again = opened(station)
    assert (again.number, again.lives) == (1, 3)
    shown = the_map(station, visit)
    assert shown.levels_left == 5
    assert shown.book is not None
    assert shown.book.all == 1


def at_two_kiosks(station: Bench) -> tuple[VisitShown, VisitShown]:
    """Zhang enters the number at two kiosks, one after the other, and goes on at both."""
    give_pack(station)
    allow_numbers(station)
    one, other = enter(station, ZHANG_PIN), enter(station, ZHANG_PIN, kiosk=2)
    assert isinstance(one, VisitShown)
    assert isinstance(other, VisitShown)
    return one, other


def question_at(station: Bench, kiosk: int, asked: ToAgent) -> QuestionShown:
    (shown,) = station.ask(asked, kiosk=kiosk)
    assert isinstance(shown, QuestionShown)
    return shown


def answer_at(station: Bench, kiosk: int, shown: QuestionShown, *, right: bool) -> object:
    """Answer at a kiosk, and go on."""
    place = shown.options.index("乙" if right else "甲")
    station.ask(AnswerQuestion(run=shown.run, question=shown.question, chosen=[place]), kiosk=kiosk)
    (after,) = station.ask(NextQuestion(run=shown.run), kiosk=kiosk)
    return after


def test_one_person_at_two_kiosks_at_once_learns_what_they_answer_at_both(station: Bench) -> None:
    visits = at_two_kiosks(station)
    level = OpenLevel(pack="sample", level="1")
    shown: dict[int, object] = {kiosk: question_at(station, kiosk, level) for kiosk in (1, 2)}
    for place in range(5):
        for kiosk in (1, 2):
            now = shown[kiosk]
            assert isinstance(now, QuestionShown)
            shown[kiosk] = answer_at(station, kiosk, now, right=kiosk == 1 or place > 0)
    for kiosk, most in ((1, 3), (2, 2)):
        over = shown[kiosk]
        assert isinstance(over, LevelOver)
        assert over.stars == most
    assert [(end.stars, end.passed) for end in station.of(LevelEnded)] == [(3, True), (2, True)]
    assert len({fact.by for fact in station.of(Attempt)}) == 2
    assert [stars(station, visit, kiosk=kiosk)["1"] for kiosk, visit in enumerate(visits, 1)] == [3, 3]
    station.ask(EndVisit(visit=visits[0].visit), kiosk=1)
    station.ask(EndVisit(visit=visits[1].visit), kiosk=2)
    learnt = station.kiosk.progress.learnt("p1")
    assert learnt.stars("sample", "1") == 3
    assert len(learnt.book()) == 1


def test_one_person_at_two_kiosks_at_once_has_five_levels_at_both_together(station: Bench) -> None:
    one, other = at_two_kiosks(station)
    level = OpenLevel(pack="sample", level="1")
    for _ in range(4):
        play(station, [False, False, False])
    fifth = question_at(station, 1, level)
    assert the_map(station, other, kiosk=2).levels_left == 0
    assert station.ask(level, kiosk=2) == [Sorry(reason="done_today", asked="open_level")]
    assert the_map(station, one).levels_left == 1, "it is begun and not ended"
    again = question_at(station, 1, level)
    assert station.ask(NextQuestion(run=fifth.run)) == [Sorry(reason="unknown_run", asked="next")]
    for _ in range(3):
        after = answer_at(station, 1, again, right=False)
        again = after if isinstance(after, QuestionShown) else again
    assert len(station.of(LevelEnded)) == 5
    station.ask(EndVisit(visit=one.visit))
    assert station.ask(level, kiosk=2) == [Sorry(reason="done_today", asked="open_level")]


def test_one_person_at_two_kiosks_at_once_is_asked_no_question_twice(station: Bench) -> None:
    one, other = at_two_kiosks(station)
    wall = station.clock.now().wall - 3 * DAY_MS
    tries = [Tries(pack="sample", question=f"q{n}", tries=[Try(wall=wall, right=False)]) for n in range(14)]
    station.bundles.put("progress", Progress(person="p1", as_of=1, questions=tries), name="p1")
    shown: object = question_at(station, 1, OpenReview(visit=one.visit))
    for _ in range(3):
        assert isinstance(shown, QuestionShown)
        shown = answer_at(station, 1, shown, right=True)
    assert station.ask(OpenReview(visit=other.visit), kiosk=2) == [Sorry(reason="nothing_due", asked="open_review")]
    station.ask(EndVisit(visit=one.visit))
    rest = question_at(station, 2, OpenReview(visit=other.visit))
    assert rest.of == 7
    answered_before = {fact.question for _, fact in own_facts(station)}
    for _ in range(6):
        assert rest.question not in answered_before
        after = answer_at(station, 2, rest, right=True)
        assert isinstance(after, QuestionShown)
        rest = after
    assert rest.question not in answered_before


def test_required_packs_come_first_and_those_of_the_menu_are_chosen_and_given_up(
    station: Bench, system: FakeSystemClock
) -> None:
    files = [sealed(msgspec.structs.replace(pack(), id=name, title=name)) for name in ("a", "b", "c", "d")]
    station.files |= {ref.sha256: file for ref, file in files}
    refs = [ref for ref, _ in files]
    people = desired(version=station.twin.version + 1, packs=refs)
    people = msgspec.structs.replace(
        people, people=[msgspec.structs.replace(one, type="village_committee") for one in people.people]
    )
    station.accept(people)
    station.packs.want(refs)
    for _ in refs:
        station.packs.tick()
        assert station.packs.fetched(station.fetched())
    menu = Menu(title="示例菜单", choose=1, packs=["b", "d"], types=["village_committee"])
    station.bundles.put(
        "courses",
        Courses(
            required=[
                Requirement(pack="c", until="2026-12-31"),
                Requirement(pack="a", until="2027-01-31", types=["x"]),
            ],
            menus=[menu],
            taken=[Taken(pack="d", type="village_committee", people=12)],
        ),
    )
    visit = open_by_card(station, ZHANG)
    shown = the_map(station, visit)
    assert [(line.pack, line.part) for line in shown.packs] == [
        ("c", "required"),
        ("a", "open"),
        ("b", "menu"),
        ("d", "menu"),
    ]
    assert shown.packs[0].until == "2026-12-31"
    assert [line.colleagues for line in shown.packs] == [None, None, None, 12]
    assert (shown.menu.choose, shown.menu.chosen) == (1, 0) if shown.menu else False
    (chosen,) = station.ask(ChoosePack(visit=visit.visit, pack="d"))
    assert isinstance(chosen, PackShown)
    assert chosen.pack.part == "chosen"
    assert station.ask(ChoosePack(visit=visit.visit, pack="c")) == [Sorry(reason="no_such_level", asked="choose_pack")]
    assert [(fact.pack, fact.chosen) for fact in station.of(PackChosen)] == [("d", True)]
    station.bundles.put(
        "progress",
        Progress(person="p1", as_of=1, choices=[Choice(wall=station.clock.now().wall + 1, pack="d", chosen=False)]),
        name="p1",
    )
    assert [line.part for line in the_map(station, visit).packs if line.pack == "d"] == ["menu"], "given up elsewhere"


def test_a_choice_that_nobody_dates_stays_where_it_was_made(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        give_pack(station)
        menu = Menu(title="示例菜单", choose=1, packs=["sample"])
        station.bundles.put("courses", Courses(menus=[menu]))
        visit = open_by_card(station, ZHANG)
        station.ask(ChoosePack(visit=visit.visit, pack="sample"))
        chosen = next(ref for ref, fact in station.recent_now() if isinstance(fact, PackChosen))
        told = Progress(person="p1", as_of=1, heads=[StreamThrough(epoch=chosen.epoch, seq=chosen.seq)])
        station.bundles.put("progress", told, name="p1")
        station.kiosk.progress.keep("p1")
        assert station.kiosk.progress.learnt("p1").chosen == {"sample"}
        station.ask(ChoosePack(visit=visit.visit, pack="sample", chosen=False))
        assert station.kiosk.progress.learnt("p1").chosen == set(), "given up again"


def test_a_corrected_key_is_told_once(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    station.bundles.put(
        "progress",
        Progress(person="p1", as_of=1, amended=[AmendedAnswer(pack="sample", question="q3", right=True)]),
        name="p1",
    )
    visit = open_by_card(station, ZHANG)
    (told,) = the_map(station, visit).amended
    assert (told.stem, told.right, told.answer, told.explanation) == ("示例题 3", True, ["乙"], "示例解释")
    assert the_map(station, visit).amended == []


def test_a_corrected_key_is_told_once_the_pack_that_has_it_is_here(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    amended = [AmendedAnswer(pack=pack, question="q3", right=True) for pack in ("sample", "elsewhere")]
    told = Progress(person="p1", as_of=1, amended=amended, amended_by=[2, 1])
    station.bundles.put("progress", told, name="p1")
    visit = open_by_card(station, ZHANG)
    assert the_map(station, visit).amended == [], "what is here names the answer before"
    play(station, [False, True, True, True, True])
    correct(station, next(fact for fact in station.of(Attempt) if not fact.right))
    (said,) = the_map(station, visit).amended
    assert said.stem == "示例题 3"
    assert the_map(station, visit).amended == []


def test_a_corrected_key_marks_what_was_answered_here(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    play(station, [False, True, True, True, True])
    wrong = next(fact for fact in station.of(Attempt) if not fact.right)
    assert the_map(station, visit).book is not None
    correct(station, wrong)
    book = the_map(station, visit).book
    assert book is not None
    assert book.all == 0
    assert stars(station, visit)["1"] == 3


def test_a_persons_run_ends_with_the_visit_and_is_nobodys_at_another_kiosk(station: Bench) -> None:
    give_pack(station)
    visit = open_by_card(station, ZHANG)
    (question,) = station.ask(OpenLevel(pack="sample", level="1"))
    assert isinstance(question, QuestionShown)
    answer_here = AnswerQuestion(run=question.run, question=question.question, chosen=[0])
    assert station.ask(answer_here, kiosk=2) == [Sorry(reason="unknown_run", asked="answer")]
    assert station.ask(OpenReview(visit=visit.visit), kiosk=2) == [Sorry(reason="too_late", asked="open_review")]
    station.ask(EndVisit(visit=visit.visit))
    assert station.ask(answer_here) == [Sorry(reason="unknown_run", asked="answer")]
    assert station.of(Attempt) == []


def test_runs_of_nobody_push_no_persons_run_out(station: Bench) -> None:
    give_pack(station)
    open_by_card(station, ZHANG)
    (question,) = station.ask(OpenLevel(pack="sample", level="1"))
    assert isinstance(question, QuestionShown)
    for _ in range(MAX_RUNS):
        question_at(station, 2, OpenLevel(pack="sample", level="1"))
    answer(station, question, right=True)
    assert len(station.of(Attempt)) == 1


def test_the_last_level_of_a_pack_completes_it_once(station: Bench, system: FakeSystemClock) -> None:
    give_pack(station)
    open_by_card(station, ZHANG)
    first = play(station, [True] * 5)
    assert first.next is not None
    assert (first.next.level, first.complete) == ("2", False)
    last = play(station, [True] * 5, level="2")
    assert (last.next, last.complete) == (None, True)
    assert play(station, [True] * 5, level="2").complete is False
