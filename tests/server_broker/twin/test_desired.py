"""What a station is told of its village: built from the tables, a new version only for new content."""

from copy import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from protocol.birth import Birth
from protocol.codec import encode
from protocol.twin import Desired, Reported
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.touches import touch_rows, touches_of_day
from server_broker.dated.days import begin_of
from server_broker.duty.windows import Terms, add_window, change_window, end_window
from server_broker.fleet.models import Alarm, CountyState, Station
from server_broker.ingest import presence
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, Outgoing
from server_broker.people.cards import BindRefused, bind_card
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region
from server_broker.twin.desired import desired_at_birth, refresh
from server_broker.twin.models import SettingChoice
from tests.cast import COUNTY, SHILI_VILLAGE, WANG, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.station_double import CARD, NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(station: StationDouble) -> Person:
    return Person.objects.create(number=ZHANG.number, name=ZHANG.name, village_id=SHILI_VILLAGE)


def sent(answers: list[Outgoing]) -> list[Desired]:
    return [answer.message for answer in answers if isinstance(answer.message, Desired)]


def current(station: StationDouble) -> Desired:
    desired = refresh(station.id, now=NOW)
    assert desired is not None
    return desired


def test_a_window_says_since_when_it_runs_and_until_when(station: StationDouble, person: Person) -> None:
    today = timezone.localdate()
    terms = Terms("夜班", [1, 2, 3, 4, 5, 6, 7], 1200, 1800, [person.pk])
    window = add_window(person.village, terms, since=today, actor="wu-yunwei")
    earlier = Terms("夜班", terms.weekdays, 1140, 1800, [person.pk])
    change_window(window, earlier, since=today + timedelta(days=1), actor="wu-yunwei", reason="改早")
    end_window(window, last=today + timedelta(days=6), actor="wu-yunwei", reason="只值一周")
    midnight = [begin_of(today + timedelta(days=days)).timestamp() * 1000 for days in (0, 7)]
    desired = refresh(station.id)
    assert desired is not None
    assert [[one.since, one.until] for one in desired.windows] == [midnight]


def test_people_cards_and_windows_of_the_village_are_in_it(station: StationDouble, person: Person) -> None:
    Region.objects.create(code=YANGBAN_VILLAGE, name="样板村")
    stranger = Person.objects.create(number=WANG.number, name=WANG.name, village_id=YANGBAN_VILLAGE)
    bind_card(token=CARD, person=person, actor="officer")
    lost = bind_card(token=b"lost-token-16-by", person=person, actor="officer")
    Card.objects.filter(pk=lost.pk).update(lost_at=NOW)
    window = DutyWindow.objects.create(village_id=SHILI_VILLAGE, name="上午", weekdays=[5, 1], start=510, end=690)
    window.people.set([person, stranger])
    desired = current(station)
    assert [(listed.id, listed.name) for listed in desired.people] == [(ZHANG.number, ZHANG.name)]
    assert {card.token: card.lost for card in desired.cards} == {CARD: False, b"lost-token-16-by": True}
    assert [(listed.weekdays, listed.people) for listed in desired.windows] == [([1, 5], [ZHANG.number])]


def test_the_version_rises_only_with_the_content(station: StationDouble, person: Person) -> None:
    assert current(station).version == 1
    assert current(station).version == 1
    bind_card(token=CARD, person=person, actor="officer")
    assert current(station).version == 2
    assert Station.objects.get().desired_version == 2


def test_a_village_that_does_not_fit_keeps_the_last_good_state(station: StationDouble, person: Person) -> None:
    good = current(station)
    Person.objects.bulk_create(
        Person(number=f"N{number}", name="王示例", village_id=SHILI_VILLAGE) for number in range(501)
    )
    assert current(station) == good
    assert Alarm.objects.get().code == "desired_too_large"
    Person.objects.filter(number__startswith="N").update(left=True)
    assert current(station) == good
    assert Alarm.objects.get().resolved_at is not None


def test_a_station_that_is_behind_gets_it_after_its_birth(station: StationDouble, processor: BatchProcessor) -> None:
    assert [desired.version for desired in sent(processor.process_batch([station.birth()]))] == [1]
    assert sent(processor.process_batch([station.birth(twin_version=1)])) == []
    reported = Reported(station=station.id, version=1, at=0)
    assert sent(processor.process_batch([station.message("reported", encode(reported))])) == []
    assert Station.objects.get().reported_version == 1


def test_only_what_a_station_said_last_in_a_batch_counts(station: StationDouble, processor: BatchProcessor) -> None:
    current(station)
    behind, has_it = station.birth(), station.message("reported", encode(Reported(station=station.id, version=1, at=0)))
    assert sent(processor.process_batch([behind, has_it])) == []
    assert [desired.version for desired in sent(processor.process_batch([has_it, behind]))] == [1]


def test_a_refused_version_is_not_sent_again_and_again(station: StationDouble, processor: BatchProcessor) -> None:
    processor.process_batch([station.birth()])
    refused = Reported(station=station.id, version=0, at=0, refused=1, reason="磁盘已满\x00")
    assert sent(processor.process_batch([station.message("reported", encode(refused))])) == []
    row = Station.objects.get()
    assert (row.refused_version, row.refused_reason) == (1, "磁盘已满�")


def test_a_station_ahead_of_a_restored_county_gets_a_version_above_its_own(
    station: StationDouble, processor: BatchProcessor
) -> None:
    current(station)
    assert [desired.version for desired in sent(processor.process_batch([station.birth(twin_version=9)]))] == [10]


def reported(station: StationDouble, version: int, *, refused: int = 0) -> Incoming:
    said = Reported(station=station.id, version=version, at=0, refused=refused, reason="older" if refused else "")
    return station.message("reported", encode(said))


def test_a_station_that_refused_an_older_version_gets_one_above_its_own(
    station: StationDouble, processor: BatchProcessor
) -> None:
    """The restored county sent what it had before the station told its version."""
    current(station)
    assert [desired.version for desired in sent(processor.process_batch([reported(station, 9, refused=1)]))] == [10]
    assert sent(processor.process_batch([reported(station, 10)])) == []


def test_a_report_of_an_absurd_version_is_not_answered_for_ever(
    station: StationDouble, processor: BatchProcessor
) -> None:
    current(station)
    assert sent(processor.process_batch([reported(station, 2**62, refused=1)])) == []


def test_a_restored_county_gives_no_version_a_second_meaning(station: StationDouble, person: Person) -> None:
    """Before and after the dump the county counted to the same number, for other content."""
    before = current(station)
    CountyState.objects.update_or_create(pk=1, defaults={"generation": 2})
    after = current(station)
    assert after.version > before.version + 1000
    assert current(station) == after
    assert desired_at_birth([station.id]) == [after]


def test_a_birth_with_an_absurd_version_changes_nothing(station: StationDouble, processor: BatchProcessor) -> None:
    head = station.signed(0)
    birth = Birth(station=station.id, head=head, boot=b"b" * 16, nonce=b"n" * 16, software="x", twin_version=2**62)
    desired = sent(processor.process_batch([station.message("birth", encode(birth))]))
    assert [one.version for one in desired] == [1]


def whose(region: str, day: date) -> list[Person | None]:
    return [row.person for row in touch_rows(list(touches_of_day(region, day)))]


def test_a_card_bound_later_counts_back_to_its_first_touch(
    station: StationDouble, processor: BatchProcessor, person: Person
) -> None:
    unknown = touch(0)
    processor.process_batch([station.add(replace(unknown, answer="unknown")).facts_message()])
    day = NOW.date()
    assert whose(SHILI_VILLAGE, day) == [None]
    bind_card(token=CARD, person=person, tail="1234", actor="officer")
    assert whose(COUNTY, day) == [person]
    with pytest.raises(BindRefused, match="已绑定"):
        bind_card(token=CARD, person=person, actor="officer")
    assert whose("990102000000", day) == []
    assert whose(SHILI_VILLAGE, day + timedelta(days=1)) == []


def test_an_undated_touch_stands_at_the_time_of_its_receipt(station: StationDouble, processor: BatchProcessor) -> None:
    processor.process_batch([station.add(touch(0, quality="unknown")).facts_message()])
    [row] = touch_rows(list(touches_of_day(SHILI_VILLAGE, NOW.date())))
    assert (row.at, row.dated, row.direction) == (NOW, False, "in")


def speaks(station: StationDouble, processor: BatchProcessor, contract: int) -> None:
    head = station.signed(len(station.sealed))
    said = Birth(station=station.id, head=head, boot=bytes(16), nonce=bytes(16), software="1", contract=contract)
    processor.process_batch([station.message("birth", encode(said))])


def test_a_station_of_contract_1_0_gets_no_word_that_it_does_not_know(
    station: StationDouble, processor: BatchProcessor
) -> None:
    value = ["packs", "blobs"]
    SettingChoice.objects.create(station_id=station.id, name="data_shed", value=value, actor="operator", at=NOW)
    speaks(station, processor, 0)
    assert current(station).settings["data_shed"] == ["blobs"]
    speaks(station, processor, 1)
    assert current(station).settings["data_shed"] == value


def test_the_worker_looks_again_at_a_station_that_speaks_another_contract(
    station: StationDouble, processor: BatchProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(presence, "desired_changed", told.extend)
    for contract in (0, 1, 1, 0):
        speaks(station, processor, contract)
    assert told == [station.id, station.id]
