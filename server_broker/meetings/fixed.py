"""What of a meeting stays as it is, and from when: its start, an entry by its chair, a count of a vote (rules, 7)."""

import datetime as dt
from dataclasses import dataclass

from protocol.meetings import taking_back, vouching_for
from server_broker.meetings.announced import Terms
from server_broker.meetings.kinds import quorum_of
from server_broker.meetings.models import Meeting, MeetingRecord, VoteCount, VoteEntry, Vouch
from server_broker.meetings.reading import history_of, stated
from server_broker.meetings.refused import MeetingRefused


@dataclass(frozen=True, slots=True)
class Fixed:
    """What of a meeting nobody changes any more."""

    has_begun: bool = False
    """The quorum's rule stays. Those expected, and who of them vote, only become more."""
    items: frozenset[str] = frozenset()
    """Ids of items of the agenda that keep their text, their options and the order of these."""
    chair: int | None = None
    """Who leads it and stays; None: somebody else may."""


def fixed_of(meeting: Meeting, now: dt.datetime) -> Fixed:
    """Return what of a meeting stays as it is from now on.

    A meeting has begun once a start that stood was reached, also if it was put off afterwards: else putting it off
    would open again what the start had closed. What was to be voted on at that time stays too, because a station that
    is not connected may have counted it already.
    """
    history = history_of(meeting)
    begun = [row for row in history if row.begin <= min(now, row.superseded_at or now)]
    counted = {
        *VoteCount.objects.filter(meeting=meeting.code).values_list("item", flat=True),
        *VoteEntry.objects.filter(meeting=meeting).values_list("item", flat=True),
    }
    stood_then = [row for row in begun if row.recorded_at <= row.begin]
    put_to_vote = {item for row in stood_then for item, _, options in row.agenda if options}
    on_agenda = {item for item, _, _ in history[-1].agenda}
    chair = history[-1].chair
    return Fixed(
        bool(begun),
        frozenset(on_agenda & (counted | put_to_vote)),
        chair if counted or _enters(meeting, chair) else None,
    )


def _enters(meeting: Meeting, chair: int | None) -> bool:
    """Tell whether the chair has entered somebody, or taken somebody back."""
    purposes = [vouching_for(meeting.code), taking_back(meeting.code)]
    return chair is not None and any(one.person == chair for one in stated(Vouch.objects.filter(purpose__in=purposes)))


def refuse_otherwise(fixed: Fixed, stood: MeetingRecord, terms: Terms) -> None:
    """Check that terms leave as it is what stays.

    Raises:
        MeetingRefused: They do not.
    """
    if fixed.chair is not None and terms.chair != fixed.chair:
        raise MeetingRefused("主持人登记过人，或者已经计过票，不能再换主持人")
    if fixed.has_begun:
        before = quorum_of(stood.rule, stood.numerator, stood.denominator)
        if quorum_of(terms.rule, terms.numerator, terms.denominator) != before:
            raise MeetingRefused("会已经开始，法定人数的要求不能再改")
        if not (set(stood.expected) <= set(terms.expected) and set(stood.voters) <= set(terms.voters)):
            raise MeetingRefused("会已经开始，应到的人和有表决权的人只能加，不能减")
    said = {item.id: (item.title, list(item.options)) for item in terms.agenda}
    for item, title, options in stood.agenda:
        if item in fixed.items and said.get(item) != (title, options):
            raise MeetingRefused(
                f"“{title}”已经表决，或会已经开始，文字和选项不能再改；写错的，在会议记录里说明，或者另加一项"
            )
