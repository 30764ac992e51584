"""Days and nights of who is sent to live in a village (docs/rules.md, section 4), from the county's data."""

import datetime as dt

from server_broker.dated.days import begin_of, end_of
from server_broker.people.models import PersonRecord, PersonType
from server_broker.settlement.index import Index
from server_broker.settlement.resident import Resided, resided
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settling.reading import read
from server_broker.settling.span import Span

_DAY = dt.timedelta(days=1)


def residing(village: int, month: str, known: dt.datetime) -> list[Resided]:
    """Return the month of everybody who is sent to live in a village, as the county knew it at ``known``.

    Who has no window there is among them too.
    """
    first = first_of_month(month)
    span = Span(first, next_month(first) - _DAY, known)
    people = residents_of(village, span)
    if not people:
        return []
    found = read([village], span, also=people)
    sheet = Sheet(Index(found.world), span.settled, span.at, {})
    return [resided(str(person), str(village), month, sheet.knowledge, sheet.lines) for person in sorted(people)]


def residents_of(village: int, span: Span) -> set[int]:
    """Return who is sent to live in a village on some of the dates."""
    rows = PersonRecord.objects.known(span.known).during(begin_of(span.first), end_of(span.last))
    found = rows.filter(village__identity=village, type=PersonType.RESIDENT, left=False)
    return set(found.values_list("subject", flat=True))
