"""Keep what a meeting came to: votes that were counted in the room, and its minutes."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction

from protocol.decisions import Decided
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.meetings.announcing import standing_record
from server_broker.meetings.changes import agenda_words
from server_broker.meetings.models import Meeting, Minutes, VoteEntry
from server_broker.meetings.refused import MeetingRefused
from server_broker.people.identity import identity_number_in

VOTED, WRITTEN, SIGNED = "meeting.vote_entered", "meeting.minutes_written", "meeting.minutes_signed"
MOST_HANDS, MOST_LETTERS = 100_000, 20_000
MOST_VERSIONS = 200


def enter_vote(
    meeting: Meeting,
    item: str,
    votes: Sequence[int],
    *,
    present: int,
    abstained: int,
    voted_at: dt.datetime,
    actor: str,
    now: dt.datetime,
) -> VoteEntry:
    """Return a vote as it is entered now. An earlier entry for the same item stays beside it.

    Counts that contradict one another are kept as they are, because the page shows them as something to look at.

    Raises:
        MeetingRefused: There is no such vote, or its time is none of the meeting's.
    """
    with transaction.atomic():
        Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
        row = standing_record(meeting)
        voted = next((one for one in row.agenda if one[0] == item and one[2]), None)
        if voted is None or len(votes) != len(voted[2]):
            raise MeetingRefused("没有这项表决，请重新打开这个会")
        if row.cancelled:
            raise MeetingRefused("这个会已经取消")
        if any(not 0 <= count <= MOST_HANDS for count in (*votes, present, abstained)):
            raise MeetingRefused("票数要写数字")
        if not row.begin <= voted_at <= now:
            raise MeetingRefused("表决的时间要在开会以后，不能在现在以后")
        entry = VoteEntry.objects.create(
            meeting=meeting,
            item=item,
            votes=list(votes),
            present=present,
            abstained=abstained,
            voted_at=voted_at,
            entered_at=now,
            entered_by=actor,
        )
        _said(meeting, VOTED, actor, entry, {"item": item, "agenda": agenda_words([voted])})
    return entry


def write_minutes(meeting: Meeting, text: str, *, actor: str, now: dt.datetime) -> Minutes:
    """Return a new version of a meeting's minutes. Earlier ones stay.

    Raises:
        MeetingRefused: It is empty, too long, the same as before, or has an identity number in it.
    """
    told = "\n".join(line.rstrip() for line in text.splitlines()).strip()
    if not 2 <= len(told) <= MOST_LETTERS:
        raise MeetingRefused(f"会议记录写 2 到 {MOST_LETTERS} 个字")
    if identity_number_in(told):
        raise MeetingRefused("会议记录会一直留着，请不要写身份证号")
    with transaction.atomic():
        Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
        last = Minutes.objects.filter(meeting=meeting).last()
        if last is not None and last.text == told:
            raise MeetingRefused("和上一版一样，没有另存")
        number = 1 if last is None else last.version + 1
        if number > MOST_VERSIONS:
            raise MeetingRefused(f"已经有 {MOST_VERSIONS} 版，不能再加")
        made = Minutes.objects.create(meeting=meeting, version=number, text=told, written_at=now, written_by=actor)
        _said(meeting, WRITTEN, actor, made, {"version": number})
    return made


def sign_minutes(meeting: Meeting, version: int, *, actor: str, now: dt.datetime) -> None:
    """Have somebody answer for the newest version of the minutes.

    Raises:
        MeetingRefused: There is a newer one, or somebody has signed it off already.
    """
    with transaction.atomic():
        Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
        last = Minutes.objects.filter(meeting=meeting).last()
        if last is None or last.version != version:
            raise MeetingRefused("会议记录有了新的一版，请先看完再签")
        if last.signed_at is not None:
            raise MeetingRefused(f"这一版已由 {last.signed_by} 签过")
        last.signed_at, last.signed_by = now, actor
        last.save(update_fields=["signed_at", "signed_by"])
        _said(meeting, SIGNED, actor, last, {"version": version})


def _said(meeting: Meeting, action: str, actor: str, row: VoteEntry | Minutes, detail: Detail) -> None:
    decide(record(actor, action, meeting.code, detail), Decided(action=action, subject=meeting.code), [row])
