"""Edits of people, their posts and the tree of regions. Import it after `django.setup`."""

import datetime as dt

from django.db import connection, transaction
from django.utils import timezone

from server_broker.attendance.leaving import come_back as back_on_file
from server_broker.attendance.leaving import leave as take_off_file
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.moving import change_registration
from server_broker.attendance.region_changes import merge_region, recode_region, rename_region, split_region
from server_broker.dated.days import begin_of
from server_broker.dated.writing import take_written
from server_broker.people.models import Card, Holding, HoldingState, Person, PersonType, Post, Unit
from server_broker.people.posts import change_holding
from server_broker.people.posts import give_post as have_post
from server_broker.regions.models import Region
from server_broker.rosters.plan import PersonRow, Plan
from server_broker.rosters.roster_import import PEOPLE_IMPORT
from server_broker.sheets.importing import preview, take
from server_broker.term_change.rows import PostRow, TermPlan
from server_broker.term_change.term_import import TERM_IMPORT
from tests.proofs.dated.county import BY, COUNTY, DAY, WHY, County

UNITS_A_TERM = 12


def move(county: County, day: dt.date) -> None:
    """Somebody belongs to another village."""
    person, village, since = county.some(Person.objects), county.village(), county.soon(day)
    change_registration(person, since=since, village=village, actor=BY, reason=WHY)
    county.book.changed(person.pk, since, {"village": village.identity})


def rename(county: County, day: dt.date) -> None:
    """Somebody has another name and type."""
    name, kind = f"改名{county.number()}", county.draw.choice(list(PersonType))
    person, since = county.some(Person.objects), county.soon(day)
    change_registration(person, since=since, name=name, type=kind, actor=BY, reason=WHY)
    county.book.changed(person.pk, since, {"name": name, "type": str(kind)})


def register(county: County, day: dt.date) -> None:
    """Somebody new."""
    county.person(county.village(), day)


def take_in(county: County, day: dt.date) -> None:
    """A sheet with new people, and with some who are in another village today. It holds from today on."""
    village, today = county.village(), timezone.localdate()
    here = list(Person.objects.filter(village=village, left=False).order_by("pk")[:3])
    moving = [person for person in here if not DutyWindow.objects.filter(people=person).exists()]
    into = county.village()
    plan = Plan()
    for person in moving:
        plan.people.append(PersonRow(len(plan.people) + 2, person.number, person.name, into.code))
    fresh = [county.number() for _ in range(3)]
    for number in fresh:
        plan.people.append(PersonRow(len(plan.people) + 2, number, f"示例{number}", village.code))
    shown = preview(PEOPLE_IMPORT, plan, scope=COUNTY).digest()
    take(PEOPLE_IMPORT, plan, scope=COUNTY, actor=BY, shown=shown, renames_confirmed=True)
    for person in moving:
        county.book.written_today(person.pk, today, {"village": into.identity})
    for person in Person.objects.filter(number__in=fresh):
        county.book.registered(person.pk, village.identity, today, person.name)


def write_by_hand(county: County, day: dt.date) -> None:
    """Somebody changes a column of today in psql. The time of that is the database's own."""
    person, name = county.some(Person.objects), f"手改{county.number()}"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE people_person SET name = %s WHERE id = %s", [name, person.pk])
        take_written()  # no decision names it, and here only its time matters
    county.book.written_today(person.pk, timezone.localdate(), {"name": name})


def give_post(county: County, day: dt.date) -> None:
    """Somebody gets a post, for ever or for some days."""
    person, unit = county.somebody(), county.some(Unit.objects.filter(ended=False))
    until = day + county.draw.choice((10, 20)) * DAY if county.draw.random() < 0.5 else None
    since = county.soon(day)
    title = county.draw.choice(("书记", "委员"))
    holding = have_post(person, unit, title, since=since, until=until, actor=BY)
    county.book.post_given(person.pk, holding.post_id, since, until)


def change_post(county: County, day: dt.date) -> None:
    """Somebody is away from a post, back on it, or has it no more."""
    state = county.draw.choice(list(HoldingState))
    until = day + 3 * DAY if state != HoldingState.ENDED and county.draw.random() < 0.5 else None
    holding = county.some(Holding.objects)
    change_holding(holding, state, since=day, until=until, actor=BY, reason=WHY)
    county.book.post_changed(holding.person_id, holding.post_id, str(state), day, until)


def change_term(county: County, day: dt.date) -> None:
    """换届: one sheet names who holds the posts of some units."""
    units = list(Unit.objects.filter(ended=False).select_related("region").order_by("pk"))
    people = list(Person.objects.filter(left=False).order_by("pk"))
    plan, wanted = TermPlan(day=county.soon(day), scope=COUNTY), {}
    for unit in county.draw.sample(units, min(len(units), UNITS_A_TERM)):
        for title in ("书记", "委员"):
            person = county.draw.choice(people) if county.draw.random() < 0.9 else None
            number = person.number if person is not None else ""
            plan.posts.append(PostRow(len(plan.posts) + 2, unit.name, title, number, "", unit.region.code, None, False))
            wanted[unit.pk, title] = [] if person is None else [person.pk]
    shown = preview(TERM_IMPORT, plan, scope=COUNTY).digest()
    take(TERM_IMPORT, plan, scope=COUNTY, actor=BY, shown=shown, renames_confirmed=True)
    posts = {(post.unit_id, post.title): post.pk for post in Post.objects.all()}
    named = {posts[key]: some for key, some in wanted.items() if key in posts}
    assert plan.day is not None
    county.book.term_changed(plan.day, named)


def leave(county: County, day: dt.date) -> None:
    """Somebody's last day."""
    person = county.somebody()
    held = [bytes(card.token) for card in Card.objects.filter(person=person)]
    take_off_file(person, last=day, actor=BY, reason=WHY)
    for token in held:
        county.cards[token].set(None, begin_of(day + DAY))
    county.book.left(person.pk, day)


def come_back(county: County, day: dt.date) -> None:
    """Somebody who had left is on file again."""
    person, village = county.some(Person.objects.filter(left=True)), county.village()
    back_on_file(person, since=day, village=village, actor=BY, reason=WHY)
    county.book.came_back(person.pk, day, village.identity)


def _free_code(county: County) -> str:
    return f"990101001{county.draw.randrange(100, 1000)}"


def name_region(county: County, day: dt.date) -> None:
    """A village has another name."""
    rename_region(county.village(), f"新村{county.number()}", since=day, actor=BY, reason=WHY)


def split(county: County, day: dt.date) -> None:
    """A village is made out of another."""
    village = county.village()
    some = list(Person.objects.filter(village=village).values_list("pk", flat=True)[:2])
    made = split_region(
        village, _free_code(county), "分出村", since=day, people=some, stations=[], actor=BY, reason=WHY
    )
    county.book.split(village.identity, made.identity, day, some)


def merge(county: County, day: dt.date) -> None:
    """A village goes up in another."""
    village, into = county.village(), county.village()
    merge_region(village, into, since=day, actor=BY, reason=WHY)
    county.book.merged(village.identity, into.identity, day)


def recode(county: County, day: dt.date) -> None:
    """A village has another code."""
    recode_region(county.village(), _free_code(county), since=day, actor=BY, reason=WHY)


def villages_that_stand() -> list[int]:
    """Return the identities of the villages that have not been merged."""
    rows = Region.objects.filter(ended=False).exclude(code__endswith="000").order_by("identity")
    return list(rows.values_list("identity", flat=True))


OFTEN = (move, rename, give_post)
SOMETIMES = (change_post, register, write_by_hand)
SELDOM = (take_in, leave, come_back, name_region, split, merge, recode, change_term)
