"""What a person asks for at a station becomes a row of theirs, is answered by somebody else, and may be taken back."""

import datetime as dt

import pytest

from protocol.decisions import RequestAnswered, decode_decision
from protocol.facts import NumberEntered, RequestMade, RequestWithdrawn
from protocol.facts_requests import request_number
from protocol.units import FactRef
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.models import Touch
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact
from server_broker.fleet.models import ShelfDue
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.cards import take_card
from server_broker.pins.cleaning import drop_old_entries
from server_broker.requests.answering import ANSWERED, NotAnswered, answer
from server_broker.requests.models import Answer, Outcome, Request
from server_broker.requests.reading import RequestRow, request_rows, requests_of
from tests.cast import LI, SHILI, TOWNSHIP_OFFICER, UNKNOWN_CARD, ZHANG
from tests.server_broker.county import FictionalCounty, requested, user_of
from tests.server_broker.county import touch as touched
from tests.server_broker.derived.stations import said
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db
ID = bytes(range(16))


@pytest.fixture
def double(county: FictionalCounty) -> StationDouble:
    """示例村's station, by whose key it signs."""
    made = StationDouble()
    made.enrol()
    return made


def objection(by: FactRef, *, mono: int = 2_000, request: bytes = ID) -> RequestMade:
    return RequestMade(
        at=moment(mono), request=request, by=by, request_kind="objection", code="time", begin=moment().wall, about=by
    )


def only() -> RequestRow:
    (row,) = request_rows(Request.objects.all())
    return row


def test_an_objection_is_that_of_whoever_touched(
    double: StationDouble, county: FictionalCounty, processor: BatchProcessor
) -> None:
    double.add(touch(1_000), objection(double.ref(1)))
    processor.process_batch([double.facts_message()])
    row = only()
    assert (row.person, row.state, row.is_dated) == (county.people[ZHANG], "open", True)
    assert (row.request.kind, row.request.code, row.request.number) == ("objection", "time", request_number(ID))
    assert row.about is not None
    assert row.about.touch == Touch.objects.get()
    assert said() == []
    # The card turns out to be somebody else's from the first day on: so is what was asked for with it.
    li = county.add(LI)
    take_card(county.cards[ZHANG], actor="test", reason="发错了人", since=None, give_to=li)
    assert [one.person for one in request_rows(requests_of([li]))] == [li]
    assert only().about is not None


def test_a_request_of_a_number_keeps_its_person_when_the_entry_is_gone(
    double: StationDouble, county: FictionalCounty, processor: BatchProcessor
) -> None:
    double.add(NumberEntered(at=moment(1_000), person=ZHANG.number, answer="accepted"), objection(double.ref(1)))
    processor.process_batch([double.facts_message()])
    drop_old_entries(NOW + dt.timedelta(days=200))
    assert only().person == county.people[ZHANG]
    assert [row.request for row in request_rows(requests_of([county.people[ZHANG]]))] == [Request.objects.get()]


def test_a_wrong_number_and_a_stranger_s_card_make_nobody_s_request(
    double: StationDouble, processor: BatchProcessor
) -> None:
    double.add(NumberEntered(at=moment(1_000), person=ZHANG.number, answer="wrong_pin"), objection(double.ref(1)))
    double.add(touch(3_000, card=UNKNOWN_CARD), objection(double.ref(3), request=bytes(16)))
    processor.process_batch([double.facts_message()])
    rows = request_rows(Request.objects.order_by("seq"))
    assert [row.person for row in rows] == [None, None]
    with pytest.raises(NotAnswered, match="还不知道是谁提的"):
        answer(rows[0].request, Outcome.ACCEPTED, text="已核对过", actor="chen-shili", at=NOW)


def test_what_is_taken_back_by_its_person_needs_no_answer(double: StationDouble, processor: BatchProcessor) -> None:
    double.add(touch(1_000), objection(double.ref(1)), RequestWithdrawn(at=moment(3_000), request=ID, by=double.ref(1)))
    processor.process_batch([double.facts_message()])
    assert only().state == "withdrawn"
    with pytest.raises(NotAnswered, match="已经撤回"):
        answer(Request.objects.get(), Outcome.ACCEPTED, text="已核对过", actor="chen-shili", at=NOW)
    assert said() == []


def test_nobody_else_takes_it_back(double: StationDouble, county: FictionalCounty, processor: BatchProcessor) -> None:
    county.add(LI)
    double.add(touch(1_000), objection(double.ref(1)), touch(200_000, card=LI.token))
    double.add(RequestWithdrawn(at=moment(203_000), request=ID, by=double.ref(3)))
    processor.process_batch([double.facts_message()])
    assert only().state == "open"


def test_an_answer_is_on_record_and_marks_the_village_and_a_later_one_counts(county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    asked = requested(station, touched(station, ZHANG.token))
    ShelfDue.objects.all().delete()
    officer = user_of(TOWNSHIP_OFFICER).username
    answer(asked, Outcome.REFUSED, text="时间没有错", actor=officer, at=NOW)
    answer(asked, Outcome.ACCEPTED, text="再核对过，按您说的", actor=officer, at=NOW + dt.timedelta(hours=1))
    row = only()
    assert (row.state, row.answer and row.answer.text) == ("accepted", "再核对过，按您说的")
    assert [one.outcome for one in Answer.objects.all()] == ["refused", "accepted"]
    entries = AuditEntry.objects.filter(action=ANSWERED)
    assert [entry.subject for entry in entries] == [asked.number] * 2
    decided = [decode_decision(bytes(fact.body or b"")).what for fact in DecidedFact.objects.order_by("seq")]
    assert decided[-2:] == [RequestAnswered(request=asked.pk, outcome=one) for one in ("refused", "accepted")]
    assert set(ShelfDue.objects.values_list("station", flat=True)) == {SHILI}
    with pytest.raises(NotAnswered, match="已经这样答复过了"):
        answer(asked, Outcome.ACCEPTED, text="再核对过，按您说的", actor=officer, at=NOW)


def test_nobody_answers_their_own(county: FictionalCounty) -> None:
    station = county.stations[SHILI]
    asked = requested(station, touched(station, ZHANG.token))
    user_of(TOWNSHIP_OFFICER)
    User.objects.update(person=county.people[ZHANG])
    with pytest.raises(OwnAffair):
        answer(asked, Outcome.ACCEPTED, text="我说得对的", actor=TOWNSHIP_OFFICER.username, at=NOW)
    assert only().state == "open"
    assert not AuditEntry.objects.filter(action=ANSWERED).exists()


def test_a_withdrawal_after_the_answer_changes_nothing(
    double: StationDouble, county: FictionalCounty, processor: BatchProcessor
) -> None:
    double.add(touch(1_000), objection(double.ref(1)))
    processor.process_batch([double.facts_message()])
    answer(
        Request.objects.get(), Outcome.REFUSED, text="时间没有错", actor="chen-shili", at=NOW - dt.timedelta(hours=1)
    )
    double.add(RequestWithdrawn(at=moment(3_000), request=ID, by=double.ref(1)))
    processor.process_batch([double.facts_message(3)])
    assert only().state == "refused"
