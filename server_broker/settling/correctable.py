"""Which marks of somebody's window can be corrected, and between which minutes (docs/rules.md, 2.7 and 8.10).

It is asked of the engine, so that nobody asks for, or approves, what it then leaves out.
"""

import datetime as dt

from server_broker.duty.due import Turn
from server_broker.requests.models import Mark
from server_broker.requests.months import Correctable
from server_broker.settlement.index import Index
from server_broker.settlement.knowledge import Knowledge
from server_broker.settlement.reasons import COVER_WORDS
from server_broker.settlement.requests import Requests
from server_broker.settlement.times import begin_of
from server_broker.settlement.units import Schedule, Share
from server_broker.settling.moments import aware
from server_broker.settling.reading import plan_of
from server_broker.settling.span import Span


def correctable_marks(turn: Turn, known: dt.datetime) -> Correctable:
    """Return what can be corrected of a turn in which somebody is due, as the county knows it at a moment."""
    span, person = Span(turn.day, turn.day, known), str(turn.person)
    knowledge = Knowledge(Index(plan_of([turn.window.village], span)), span.at)
    schedule = Schedule(knowledge, Requests(knowledge, {}))
    mine = [one for one in schedule.shares(person, turn.day) if _is(one, turn)]
    placed = [(share, one) for one in schedule.placed(person, turn.day) for share in one.unit.shares if share in mine]
    if not placed:
        words = [f"批了{COVER_WORDS[one.covered.result]}" for one in mine if one.covered.result in COVER_WORDS]
        return Correctable(covered=words[0] if words else "不用到")
    share, one = placed[0]
    marks = [Mark.ARRIVAL] if share == one.unit.first else []
    marks += [Mark.DEPARTURE] if share == one.unit.last and one.unit.departs else []
    spans = one.spans()
    return Correctable(frozenset(marks), aware(begin_of(spans.begin)), aware(begin_of(spans.end)))


def _is(share: Share, turn: Turn) -> bool:
    window = share.turn.window
    return (window.village, window.start) == (str(turn.window.village), turn.window.start)
