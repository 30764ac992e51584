"""A kept result as a named case (docs/cases.md): all on which it rests, so that it can be reckoned anew elsewhere."""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from server_broker.accounts.scope import Viewer, regions_of
from server_broker.people.models import Person
from server_broker.settlement.index import Index
from server_broker.settlement.named_cases.naming import PERSON, renamed
from server_broker.settlement.named_cases.one_person import of_one_person, with_little_of_others
from server_broker.settlement.named_cases.writing import case_text
from server_broker.settlement.results import Result
from server_broker.settlement.settle import Sheet
from server_broker.settling.kept import settled_of
from server_broker.settling.models import SettledWindow
from server_broker.settling.reading import world_of
from server_broker.settling.span import Span
from server_broker.settling.windows import placed_results


def case_of(row: SettledWindow, *, viewer: Viewer) -> str:
    """Return the case of one person's date as it was known when a result was settled, with other names for everybody.

    Of those with whom the person swapped it has no absence of another date, and a kind of leave only if ``viewer`` sees
    them.

    It expects of the window what was kept, and of the others what they come to by the same world.
    """
    person, day = str(row.person_id), row.day
    own = of_one_person(world_of([row.village_id], day, day, row.known_at), person)
    people = Person.objects.filter(pk__in=[int(one.person) for one in own.leave], village__in=regions_of(viewer))
    own = with_little_of_others(own, person, day, {str(pk) for pk in people.values_list("pk", flat=True)})
    world = renamed(own, person)
    villages = dict(zip((one.village for one in world.windows), (one.village for one in own.windows), strict=True))
    span = Span(day, day, row.known_at)
    sheet = Sheet(Index(world), [day], span.at, {})
    of_person = [(villages[one.village], one.result) for one in placed_results(sheet, PERSON, day)]
    others = [one for one in sheet.results() if one.person != PERSON]
    return case_text(
        world,
        [day],
        at=span.at,
        name=f"window-{day}-{row.start // 60:02}{row.start % 60:02}",
        why="县里结算的一个班：照它所依据的记录，在别处再算一遍。",
        expect=sorted([*_as_kept(of_person, row), *others], key=lambda one: one.place),
    )


def _as_kept(results: Iterable[tuple[str, Result]], row: SettledWindow) -> Iterator[Result]:
    """Yield the person's results with what was kept of the window. Reasons name the stations as the case does."""
    [settled] = settled_of([row])
    place = 0
    for village, one in results:
        is_there = (village, one.start) == (str(row.village_id), row.start)
        yield replace(settled.result, person=PERSON, reason=one.reason) if is_there and place == row.place else one
        place += is_there
