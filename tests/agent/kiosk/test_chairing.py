"""What a chair enters is on disk before it is shown; another member's touch confirms who has no card, and nobody else's
does."""

from copy import replace
from pathlib import Path

import pytest

from agent.kiosk.meeting_record import MOST_AN_HOUR
from protocol.facts import MeetingStepped, PersonVouched, Touch, VisitEnded, VotesCounted
from protocol.kiosk import Sorry, ToAgent
from protocol.kiosk_meetings import (
    EnterPerson,
    EnterVotes,
    MeetingShown,
    OpenMeeting,
    StepMeeting,
    TakeBackPerson,
    Vouch,
    Vouched,
)
from protocol.kiosk_visits import EndVisit
from tests.agent.bench import LI, ZHANG, Bench, bench
from tests.agent.kiosk.village_meetings import GUEST, WANG, announce, chaired, meeting, of, shown_to, vouch
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, FakeSystemClock


@pytest.fixture
def near(station: Bench) -> Bench:
    """A station half an hour before the begin."""
    announce(station, meeting())
    return station


def entered(station: Bench, person: str = "p4") -> MeetingShown:
    """Have the chair come, and enter somebody."""
    shown = chaired(station)
    (answer,) = station.ask(EnterPerson(visit=shown.visit, meeting="m1", person=person))
    assert isinstance(answer, MeetingShown)
    return answer


def came(station: Bench) -> tuple[int, int]:
    """Return how many have come, and how many wait for somebody to vouch."""
    count = station.home.current().meetings[0].count
    assert count is not None
    return count.came, count.entered


def reason(answers: list[object]) -> str:
    (answer,) = answers
    assert isinstance(answer, Sorry)
    return answer.reason


def test_the_chair_enters_and_another_member_confirms_by_one_key(near: Bench) -> None:
    shown = entered(near)
    assert [(one.name, one.entered) for one in shown.absent][:2] == [("赵示例", True), ("李示例", False)]
    assert came(near) == (1, 1)
    touch = near.touch(LI)
    assert touch.vouch is not None
    assert (touch.vouch.name, touch.vouch.person) == ("赵示例", "p4")
    (answer,) = vouch(near, touch)
    assert isinstance(answer, Vouched)
    assert (answer.count.came, answer.count.entered, answer.next) == (3, 0, None)
    (entry, word) = near.of(PersonVouched)
    touches = [ref for ref, fact in near.recent_now() if isinstance(fact, Touch)]
    assert (entry.by, word.by) == (touches[0], touches[1])
    assert [(fact.person, fact.purpose) for fact in (entry, word)] == [("p4", "meeting:m1")] * 2


def test_who_does_not_vote_may_vouch_and_the_next_entered_follows(near: Bench) -> None:
    shown = entered(near)
    near.ask(EnterPerson(visit=shown.visit, meeting="m1", person="p5"))
    (answer,) = vouch(near, near.touch(WANG))
    assert isinstance(answer, Vouched)
    assert answer.next is not None
    assert (answer.next.person, came(near)) == ("p5", (3, 1))
    asked = answer.next
    near.ask(Vouch(touch=asked.touch, meeting=asked.meeting, person=asked.person))
    assert came(near) == (4, 0)


def test_the_chair_takes_back_who_was_entered_by_mistake_also_after_somebody_vouched(near: Bench) -> None:
    visit = entered(near).visit
    back = TakeBackPerson(visit=visit, meeting="m1", person="p4")
    (shown,) = near.ask(back)
    assert isinstance(shown, MeetingShown)
    assert [one.name for one in shown.absent if one.entered or one.vouched] == []
    assert came(near) == (1, 0)
    near.ask(back)
    assert len(near.of(PersonVouched)) == 2, "nothing stood that could be taken back once more"
    near.ask(EnterPerson(visit=visit, meeting="m1", person="p4"))
    vouch(near, near.touch(LI))
    assert came(near) == (3, 0)
    visit = chaired(near).visit
    near.ask(EnterVotes(visit=visit, meeting="m1", item="2", votes=[3, 0]))
    (shown,) = near.ask(replace(back, visit=visit))
    assert isinstance(shown, MeetingShown)
    assert came(near) == (2, 0)
    assert (shown.present, shown.agenda[1].present) == (2, 3), "a vote keeps who was there"
    assert [(fact.person, fact.purpose) for fact in near.of(PersonVouched)][-1] == ("p4", "meeting-back:m1")
    assert near.touch(LI).vouch is None


def test_who_touched_is_not_taken_back_and_nobody_but_the_chair_does(near: Bench) -> None:
    near.touch(LI)
    visit = chaired(near).visit
    assert reason(near.ask(TakeBackPerson(visit=visit, meeting="m1", person="p2"))) == "already"
    assert came(near) == (2, 0)
    visit = shown_to(near, LI, "m1").visit
    assert reason(near.ask(TakeBackPerson(visit=visit, meeting="m1", person="p4"))) == "not_allowed"


@pytest.mark.parametrize("card", [GUEST, ZHANG])
def test_a_stranger_and_the_chair_are_not_asked_to_vouch(near: Bench, card: str) -> None:
    entered(near)
    touch = near.touch(card)
    ref = next(ref for ref, fact in reversed(near.recent_now()) if isinstance(fact, Touch))
    assert touch.vouch is None
    assert reason(near.ask(Vouch(touch=ref, meeting="m1", person="p4"))) == "not_allowed"
    assert came(near)[1] == 1


def test_nobody_vouches_for_themself(near: Bench) -> None:
    entered(near, "p2")
    touch = near.touch(LI)
    assert touch.vouch is None
    # Their own touch has signed them in; the other kind of asking finds nobody to vouch for either.
    ref = next(ref for ref, fact in reversed(near.recent_now()) if isinstance(fact, Touch))
    assert reason(near.ask(Vouch(touch=ref, meeting="m1", person="p2"))) == "not_allowed"


def test_a_word_needs_the_newest_touch_and_soon(near: Bench, system: FakeSystemClock) -> None:
    entered(near)
    touch = near.touch(LI)
    near.touch(GUEST)
    assert reason(vouch(near, touch)) == "too_late"
    system.pass_ms(121_000)
    again = near.touch(LI)
    system.pass_ms(30_001)
    assert reason(vouch(near, again)) == "too_late"
    assert len(near.of(PersonVouched)) == 1


def test_nobody_is_confirmed_whom_the_chair_has_not_entered(near: Bench) -> None:
    near.touch(LI)
    ref = next(ref for ref, fact in reversed(near.recent_now()) if isinstance(fact, Touch))
    assert reason(near.ask(Vouch(touch=ref, meeting="m1", person="p4"))) == "already"
    assert reason(near.ask(Vouch(touch=ref, meeting="other", person="p4"))) == "gone"


@pytest.mark.parametrize(("person", "why"), [("p1", "not_allowed"), ("p9", "not_allowed"), ("p2", "already")])
def test_whom_a_chair_cannot_enter(near: Bench, person: str, why: str) -> None:
    near.touch(LI)
    shown = chaired(near)
    assert reason(near.ask(EnterPerson(visit=shown.visit, meeting="m1", person=person))) == why


def test_only_the_chair_of_this_meeting_enters_anything(near: Bench) -> None:
    announce(near, meeting(), meeting(id="m2", chair="p2"))
    shown = shown_to(near, LI, "m1")
    asked: list[ToAgent] = [
        StepMeeting(visit=shown.visit, meeting="m1", step="opened"),
        EnterPerson(visit=shown.visit, meeting="m1", person="p4"),
        EnterVotes(visit=shown.visit, meeting="m1", item="2", votes=[1, 0]),
    ]
    assert [reason(near.ask(one)) for one in asked] == ["not_allowed"] * 3
    assert [
        type(fact) for fact in near.facts() if isinstance(fact, PersonVouched | MeetingStepped | VotesCounted)
    ] == []
    assert reason(near.ask(StepMeeting(visit=shown.visit, meeting="elsewhere", step="opened"))) == "gone"


def test_the_steps_are_stated_once_each(near: Bench) -> None:
    visit = chaired(near).visit
    opened, closed = (StepMeeting(visit=visit, meeting="m1", step=step) for step in ("opened", "closed"))
    first, second = (StepMeeting(visit=visit, meeting="m1", step="item", item=item) for item in ("1", "2"))
    for asked in (opened, opened, first, first, second, closed):
        shown = near.ask(asked)[0]
    assert isinstance(shown, MeetingShown)
    assert [(fact.step, fact.item) for fact in near.of(MeetingStepped)] == [
        ("opened", ""),
        ("item", "1"),
        ("item", "2"),
        ("closed", ""),
    ]
    assert (shown.step, shown.item) == ("closed", "2")
    assert reason(near.ask(StepMeeting(visit=visit, meeting="m1", step="item", item="9"))) == "gone"


def test_no_more_hands_than_voters_have_signed_in(near: Bench) -> None:
    near.touch(LI)
    near.touch(WANG)
    shown = chaired(near)
    assert shown.present == 2

    def counted(votes: list[int], abstained: int = 0, item: str = "2") -> list[object]:
        return near.ask(EnterVotes(visit=shown.visit, meeting="m1", item=item, votes=votes, abstained=abstained))

    assert reason(counted([2, 1])) == "too_many_votes"
    assert reason(counted([1, 1], abstained=1)) == "too_many_votes"
    assert [reason(counted([1])), reason(counted([1, 0], item="1")), reason(counted([1, 0], item="9"))] == ["gone"] * 3
    (answer,) = counted([1, 0], abstained=1)
    assert isinstance(answer, MeetingShown)
    assert [(one.votes, one.abstained, one.present) for one in answer.agenda] == [([], 0, 0), ([1, 0], 1, 2)]
    (answer,) = counted([2, 0])
    assert isinstance(answer, MeetingShown)
    assert answer.agenda[1].votes == [2, 0]
    assert [(fact.question, fact.votes, fact.present) for fact in near.of(VotesCounted)] == [
        ("2", [1, 0], 2),
        ("2", [2, 0], 2),
    ]


def test_votes_may_be_entered_a_while_after_the_end_and_nobody_signs_in_then(
    near: Bench, system: FakeSystemClock
) -> None:
    near.touch(LI)
    system.pass_ms(2 * HOUR_MS + MINUTE_MS)
    shown = chaired(near)
    assert (shown.own, shown.present) == ("", 1)
    assert isinstance(near.ask(EnterVotes(visit=shown.visit, meeting="m1", item="2", votes=[1, 0]))[0], MeetingShown)
    assert reason(near.ask(EnterPerson(visit=shown.visit, meeting="m1", person="p4"))) == "too_late"
    system.pass_ms(3 * HOUR_MS)
    assert reason(near.ask(EnterVotes(visit=shown.visit, meeting="m1", item="2", votes=[1, 0]))) == "gone"


def test_the_chairs_screen_follows_who_comes_and_goes_with_the_visit(near: Bench) -> None:
    shown = chaired(near)
    before = len(near.recorded.order)
    near.kiosk.meeting_visits.tick()
    assert near.recorded.order[before:] == []
    near.bundles.put("meetings", of(meeting(title="改了名的会")))
    near.kiosk.meeting_visits.tick()
    (_, said) = near.recorded.order[-1]
    assert isinstance(said, MeetingShown)
    assert said.meeting.title == "改了名的会"
    near.bundles.put("meetings", of(meeting(cancelled=True)))
    near.kiosk.meeting_visits.tick()
    assert near.recorded.order[-1] == ("kiosk 1", Sorry(reason="gone", asked="open_meeting"))
    near.ask(EndVisit(visit=shown.visit, why="left"))
    near.bundles.put("meetings", of(meeting()))
    before = len(near.recorded.order)
    near.kiosk.meeting_visits.tick()
    assert near.recorded.order[before:] == []
    assert [fact.opened for fact in near.of(VisitEnded)] == [["meeting"]]
    assert reason(near.ask(OpenMeeting(visit=shown.visit))) == "too_late"


def test_a_restart_keeps_what_was_entered(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        announce(station, meeting())
        shown = entered(station)
        station.ask(StepMeeting(visit=shown.visit, meeting="m1", step="item", item="2"))
        station.ask(EnterVotes(visit=shown.visit, meeting="m1", item="2", votes=[1, 0]))
        held = station.bundles.bundles("meetings")[0]
    with bench(tmp_path, system) as station:
        station.bundles.take(held)
        assert came(station) == (1, 1)
        vouch(station, station.touch(LI))
    with bench(tmp_path, system) as station:
        station.bundles.take(held)
        assert came(station) == (3, 0)
        system.pass_ms(121_000)
        again = chaired(station)
        assert (again.step, again.item, again.agenda[1].votes) == ("item", "2", [1, 0])


def test_however_often_keys_are_pressed_there_are_only_so_many_facts(tmp_path: Path, system: FakeSystemClock) -> None:
    def enter(station: Bench, times: int) -> list[object]:
        visit = chaired(station).visit
        votes = [EnterVotes(visit=visit, meeting="m1", item="2", votes=[n % 2, 0]) for n in range(times)]
        last = [station.ask(one) for one in votes][-1]
        station.ask(EndVisit(visit=visit, why="left"))
        return last

    with bench(tmp_path, system) as station:
        announce(station, meeting())
        enter(station, MOST_AN_HOUR // 2)
        held = station.bundles.bundles("meetings")[0]
    system.pass_ms(121_000)
    with bench(tmp_path, system) as station:
        station.bundles.take(held)
        assert reason(enter(station, MOST_AN_HOUR // 2 + 1)) == "too_many"
        assert len(station.of(VotesCounted)) == MOST_AN_HOUR
        system.pass_ms(HOUR_MS)
        assert isinstance(enter(station, 1)[0], MeetingShown)


def test_what_the_disk_does_not_take_is_not_shown(near: Bench) -> None:
    shown = chaired(near)
    near.outbox.fill_disk()
    assert reason(near.ask(EnterPerson(visit=shown.visit, meeting="m1", person="p4"))) == "not_recorded"
    near.outbox.error = None
    assert came(near) == (1, 0)


def test_a_guest_is_told_that_the_meeting_is_not_theirs(near: Bench) -> None:
    visit = open_by_card(near, GUEST)
    assert reason(near.ask(OpenMeeting(visit=visit.visit, meeting="m1"))) == "gone"
