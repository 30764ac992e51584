"""A question that a station tells of is answered in the county, and the answer reaches the village's stations alone."""

import datetime as dt

import pytest

from protocol.bundle_contents import read_content
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.decisions import CountyFact
from protocol.facts import FeedbackGiven, FeedbackRated
from protocol.feedback import Answer, Answers, receipt_number
from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry
from server_broker.bundles.drafts import document
from server_broker.decisions.models import DecidedFact
from server_broker.feedback.answering import NotAnswered, answer, pass_on
from server_broker.feedback.answers_source import answers_drafts
from server_broker.feedback.models import Feedback, FeedbackRating, FeedbackStep
from server_broker.fleet.models import ShelfDue, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.supervisor.chores import shelf_sources
from tests.cast import SECRETARY, SHILI, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import FictionalCounty, asked, user_of
from tests.server_broker.derived.stations import said
from tests.server_broker.station_double import NOW, StationDouble, moment

pytestmark = pytest.mark.django_db
ID = bytes(range(16))


def given(mono: int = 1, *, feedback: bytes = ID) -> FeedbackGiven:
    return FeedbackGiven(at=moment(mono), feedback=feedback, topic="lamps", matter="broken", about="finance", item="3")


@pytest.fixture
def secretary(county: FictionalCounty) -> User:
    return user_of(SECRETARY)


@pytest.fixture
def officer(county: FictionalCounty) -> User:
    return user_of(TOWNSHIP_OFFICER)


def answers_at(station: str, now: dt.datetime = NOW) -> list[Answer]:
    """Return what a station reads."""
    found = []
    for draft in answers_drafts(Station.objects.get(pk=station), now):
        assert (draft.access, draft.station) == ("station", station)
        content = read_content(decode(document(draft, 1), BundleDocument, limit=2**22))
        assert isinstance(content, Answers)
        found += content.answers
    return found


def test_facts_become_rows_of_their_own_station(processor: BatchProcessor, station: StationDouble) -> None:
    """Another station tells of a question with the same id: that is another question."""
    other = StationDouble(id="shili-02")
    other.enrol()
    for double in (station, other):
        double.add(given(), FeedbackRated(at=moment(2), feedback=ID, rating=4))
        processor.process_batch([double.facts_message()])
    rows = Feedback.objects.order_by("station_id")
    assert [(row.station_id, row.number, row.topic, row.by_seq) for row in rows] == [
        ("shili-01", receipt_number(ID), "lamps", None),
        ("shili-02", receipt_number(ID), "lamps", None),
    ]
    assert list(FeedbackRating.objects.values_list("station", "rating")) == [("shili-01", 4), ("shili-02", 4)]
    assert said() == []


def test_the_newest_answer_goes_to_the_village_and_is_on_record(county: FictionalCounty, officer: User) -> None:
    row = asked(county.stations[SHILI])
    ShelfDue.objects.all().delete()
    answer(row, "本周五前修好。", actor=officer, at=NOW)
    answer(row, "已经修好了。", actor=officer, at=NOW + dt.timedelta(hours=1))
    [told] = answers_at(SHILI)
    assert (told.feedback, told.state, told.office, told.text) == (row.feedback, "answered", "示例镇", "已经修好了。")
    assert told.given == round(row.wall.timestamp() * 1000)
    assert answers_at(YANGBAN) == []
    assert set(ShelfDue.objects.values_list("station", flat=True)) == {SHILI}
    entries = AuditEntry.objects.filter(action="feedback.answered", subject=f"{SHILI}:{row.number}")
    assert entries.count() == 2
    stated = {decode(bytes(fact.body), CountyFact).audit for fact in DecidedFact.objects.all()}
    assert {bytes(entry.hash) for entry in entries} <= stated
    assert answers_drafts in shelf_sources()


def test_the_village_passes_on_what_it_can_t_do_and_then_leaves_it_to_the_township(
    county: FictionalCounty, secretary: User, officer: User
) -> None:
    row = asked(county.stations[SHILI])
    pass_on(row, actor=secretary, at=NOW)
    assert [(one.state, one.office) for one in answers_at(SHILI)] == [("passed_on", "示例镇")]
    with pytest.raises(NotAnswered):
        answer(row, "村里去办。", actor=secretary, at=NOW)
    with pytest.raises(NotAnswered):
        pass_on(row, actor=secretary, at=NOW)
    with pytest.raises(NotAnswered):
        pass_on(asked(county.stations[SHILI]), actor=officer, at=NOW)
    answer(row, "镇里去办。", actor=officer, at=NOW + dt.timedelta(minutes=1))
    assert [one.state for one in answers_at(SHILI)] == ["answered"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "好",
        "示" * 401,
        "请找 11010519491231002X 办。",
        "请打一三八〇〇一三八〇〇一",
        "名单不得外传",
        "已办\u202e好",
    ],
)
def test_an_answer_that_can_t_be_shown_is_refused(county: FictionalCounty, officer: User, text: str) -> None:
    with pytest.raises(NotAnswered):
        answer(asked(county.stations[SHILI]), text, actor=officer, at=NOW)
    assert not FeedbackStep.objects.exists()
