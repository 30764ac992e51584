"""A card is lost and found, given to the wrong person and taken back; touches follow who held it when."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.as_of import holder
from server_broker.attendance.effects import Moved, watched
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.audit.models import AuditEntry
from server_broker.dated.models import AsOf
from server_broker.people.cards import BindRefused, bind_card, card_found, end_binding, report_lost, take_card
from server_broker.people.existence import on_file_since
from server_broker.people.models import Binding, Card, Person
from tests.cast import LI, SHILI, TOWNSHIP_OFFICER, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, touch, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

HOUR = dt.timedelta(hours=1)
BY = "chen-shili"


@pytest.fixture
def now(county: FictionalCounty) -> dt.datetime:
    """The present. People were on file yesterday too, so that some hours ago may be before midnight."""
    for person in Person.objects.all():
        on_file_since(person, timezone.localdate() - dt.timedelta(days=1), actor=BY, reason="照实登记")
    return timezone.now()


def touched(county: FictionalCounty, at: dt.datetime) -> Touch:
    return touch(county.stations[SHILI], ZHANG.token, at=at)


def whose(*touches: Touch) -> list[Person | None]:
    """Whose these touches are, oldest first; nobody's where they don't count."""
    return [row.person if row.counts else None for row in reversed(touch_rows(list(touches)))]


def test_touches_between_loss_and_find_do_not_count(county: FictionalCounty, now: dt.datetime) -> None:
    zhang, card = county.people[ZHANG], county.cards[ZHANG]
    touches = [touched(county, now - hours * HOUR) for hours in (5, 3, 1)]
    report_lost(card, actor=BY, since=now - 4 * HOUR)
    assert whose(*touches) == [zhang, None, None]
    card_found(card, actor=BY, reason="找回来了", since=now - 2 * HOUR)
    assert whose(*touches) == [zhang, None, zhang]
    card.refresh_from_db()
    assert card.lost_at is None
    entries = AuditEntry.objects.filter(subject=ZHANG.number, action__startswith="card.").order_by("id")
    assert [entry.action for entry in entries] == ["card.lost", "card.found"]


def test_a_card_that_was_found_since_its_loss_was_never_lost(county: FictionalCounty, now: dt.datetime) -> None:
    touches = [touched(county, now - hours * HOUR) for hours in (5, 3)]
    report_lost(county.cards[ZHANG], actor=BY, since=now - 4 * HOUR)
    card_found(county.cards[ZHANG], actor=BY, reason="看错了", since=now - 4 * HOUR)
    assert whose(*touches) == [county.people[ZHANG]] * 2


@pytest.mark.parametrize("hours", [-1, 6])
def test_a_find_is_between_the_loss_and_now(county: FictionalCounty, now: dt.datetime, hours: int) -> None:
    report_lost(county.cards[ZHANG], actor=BY, since=now - 4 * HOUR)
    with pytest.raises(BindRefused, match="找回时间要在挂失以后、现在以前"):
        card_found(county.cards[ZHANG], actor=BY, reason="找回来了", since=now - hours * HOUR)
    assert Card.objects.get(pk=county.cards[ZHANG].pk).lost_at is not None


def test_a_card_that_is_not_lost_can_t_be_found(county: FictionalCounty) -> None:
    with pytest.raises(BindRefused, match="没有挂失"):
        card_found(county.cards[ZHANG], actor=BY, reason="找回来了")


def test_a_card_of_the_wrong_person_is_taken_with_its_touches(county: FictionalCounty, now: dt.datetime) -> None:
    zhang, li, card = county.people[ZHANG], county.people[LI], county.cards[ZHANG]
    touches = [touched(county, now - hours * HOUR) for hours in (5, 3)]
    take_card(card, actor=BY, reason="发错了人", since=now - 4 * HOUR, give_to=li)
    assert whose(*touches) == [zhang, li]
    take_card(card, actor=BY, reason="其实是张的", since=None, give_to=zhang)
    assert whose(*touches) == [zhang, zhang]
    take_card(card, actor=BY, reason="全是李的", since=None, give_to=li)
    assert whose(*touches) == [li, li]


def test_what_was_known_before_stays_answered(county: FictionalCounty, now: dt.datetime) -> None:
    card, before = county.cards[ZHANG], timezone.now()
    take_card(card, actor=BY, reason="发错了人", since=None, give_to=county.people[LI])
    assert holder(ZHANG.token, AsOf(now - HOUR)) == county.people[LI]
    assert holder(ZHANG.token, AsOf(now - HOUR, known=before)) == county.people[ZHANG]


def test_a_lost_card_of_the_wrong_person_stays_lost(county: FictionalCounty, now: dt.datetime) -> None:
    touches = [touched(county, now - hours * HOUR) for hours in (5, 3)]
    report_lost(county.cards[ZHANG], actor=BY, since=now - 4 * HOUR)
    take_card(county.cards[ZHANG], actor=BY, reason="发错了人", since=None, give_to=county.people[LI])
    assert whose(*touches) == [county.people[LI], None]


def test_a_card_that_was_nobody_s_counts_for_the_next_person_from_then(
    county: FictionalCounty, now: dt.datetime
) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    touches = [touched(county, now - hours * HOUR) for hours in (5, 3, 1)]
    end_binding(county.cards[ZHANG], actor=BY, reason="交回", since=now - 4 * HOUR)
    assert whose(*touches) == [zhang, None, None]
    bind_card(ZHANG.token, li, actor=BY)
    assert whose(*touches) == [zhang, li, li]


def test_own_and_others_cards_are_told_apart(county: FictionalCounty) -> None:
    with pytest.raises(BindRefused, match="已绑定给别人"):
        bind_card(ZHANG.token, county.people[LI], actor=BY)
    with pytest.raises(BindRefused, match="已绑定给本人"):
        bind_card(ZHANG.token, county.people[ZHANG], actor=BY)
    report_lost(county.cards[ZHANG], actor=BY)
    with pytest.raises(BindRefused, match="请办“找回”"):
        bind_card(ZHANG.token, county.people[ZHANG], actor=BY)


def test_a_temporary_card_ends_by_itself(county: FictionalCounty, now: dt.datetime) -> None:
    token = b"temporary-card16"
    bind_card(token, county.people[ZHANG], actor=BY, until=now + HOUR)
    assert holder(token, AsOf(now - HOUR)) == county.people[ZHANG]
    assert holder(token, AsOf(now + 2 * HOUR)) is None
    assert Binding.objects.known().filter(subject__token=token, temporary=True).count() == 1


def test_the_preview_says_how_many_touches_go_to_whom_and_changes_nothing(
    county: FictionalCounty, now: dt.datetime
) -> None:
    card = county.cards[ZHANG]
    day = timezone.localdate(now - 50 * HOUR)
    noon = timezone.make_aware(dt.datetime.combine(day, dt.time(12)))
    touched(county, noon)
    touched(county, noon + HOUR)
    rows, entries = Binding.objects.count(), AuditEntry.objects.count()
    with transaction.atomic():
        effect = watched(
            lambda: take_card(card, actor=BY, reason="发错了人", since=None, give_to=county.people[LI]),
            lambda: holder(ZHANG.token, AsOf(noon)),
            [ZHANG.token],
        )
        transaction.set_rollback(True)
    assert (effect.before, effect.after) == (county.people[ZHANG], county.people[LI])
    assert effect.moved == [Moved(day, "张示例（a1）", "李示例（a2）", touches=2)]
    assert (Binding.objects.count(), AuditEntry.objects.count()) == (rows, entries)
    card.refresh_from_db()
    assert card.person == county.people[ZHANG]


def test_nobody_decides_on_their_own_card(county: FictionalCounty, now: dt.datetime) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    by, card, li = officer.username, county.cards[ZHANG], county.people[LI]
    report = (
        lambda: report_lost(card, actor=by),
        lambda: end_binding(card, actor=by, reason="交回"),
        lambda: take_card(card, actor=by, reason="不是我的", since=None, give_to=li),
        lambda: take_card(county.cards[LI], actor=by, reason="是我的", since=None, give_to=county.people[ZHANG]),
        lambda: bind_card(b"one-more-card-16", county.people[ZHANG], actor=by),
    )
    for own in report:
        with pytest.raises(OwnAffair):
            own()
    assert holder(ZHANG.token, AsOf(now)) == county.people[ZHANG]


def test_a_card_is_not_given_for_a_time_before_its_person_was_on_file(
    county: FictionalCounty, now: dt.datetime
) -> None:
    with pytest.raises(BindRefused, match="王样板 那时还不在册"):
        take_card(county.cards[ZHANG], actor=BY, reason="发错了人", since=now - 100 * HOUR, give_to=county.people[WANG])
