"""The windows that a change takes from people. It is said before somebody confirms the change.

Who has a post at all is due only while they hold one (docs/rules.md, 1.2). So a first post with a date to come takes
away the windows before that date, which nobody expects.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.duty.due import Turn
from server_broker.duty.reasons import NoPost
from server_broker.people.models import Person

type Due = set[tuple[int, int, dt.date]]
"""Person, window and date."""


def due_in(turns: Sequence[Turn]) -> Due:
    """Return who is due in which window and when."""
    return {(turn.person, turn.window.id, turn.day) for turn in turns if turn.due}


def lost_words(before: Due, after: Sequence[Turn], *, prefix: str) -> list[str]:
    """Return a sentence for each person who is due less often.

    Args:
        before: Who was due before the change.
        after: The turns of the same people and dates with the change.
        prefix: What codes of villages begin with whose people may be named.
    """
    lost: dict[int, list[dt.date]] = defaultdict(list)
    for person, _, day in sorted(before - due_in(after), key=lambda one: one[2]):
        lost[person].append(day)
    without_post = {turn.person for turn in after if turn.why and isinstance(turn.why[0], NoPost)}
    seen = Person.objects.filter(pk__in=lost, village__code__startswith=prefix)
    names = dict(seen.values_list("pk", "name"))
    why = "：那些天没有在任的职务。要照旧值班，请把就任日期提前"
    return [
        f"{names.get(person, ELSEWHERE)} 从 {days[0]} 到 {days[-1]} 有 {len(days)} 次值班不再用到"
        f"{why if person in without_post else ''}"
        for person, days in sorted(lost.items())
    ]
