"""Announce a meeting, change it, cancel it. Once it is announced people were told, so every later step says why."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.db import transaction

from protocol.decisions import Decided
from protocol.meetings import MAX_AGENDA, MAX_EXPECTED, MAX_OPTIONS
from server_broker.accounts.own_affairs import OwnAffair, is_own_affair, refuse_own_affair
from server_broker.audit.log import LEAST_REASON, Detail, record
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed, shelf_changed_under
from server_broker.guard.answers import reason_against
from server_broker.meetings.announced import Item, Terms
from server_broker.meetings.changes import changes, changes_told
from server_broker.meetings.fixed import fixed_of, refuse_otherwise
from server_broker.meetings.kinds import check_rule
from server_broker.meetings.models import Kind, Meeting, MeetingRecord
from server_broker.meetings.refused import ChangedMeanwhile, MeetingRefused
from server_broker.people.models import Person, Unit
from server_broker.regions.models import Region, subtree_prefix

ANNOUNCED, CHANGED, CANCELLED = "meeting.announced", "meeting.changed", "meeting.cancelled"
LATE, AHEAD, LONGEST = dt.timedelta(days=3), dt.timedelta(days=366), dt.timedelta(hours=12)
"""So long after it a meeting may still be written down, so far ahead it is announced, and so long it lasts."""
NOT_BY_THOSE_EXPECTED = "会已经开始，您是应到的人，不能由您取消。请不用到会的同事，或者镇里、县里来取消。"
MOST_STATIONS, MOST_PAPERS, MOST_LETTERS = 20, 16, 64


def announce(region: Region, unit: Unit | None, terms: Terms, *, actor: str, now: dt.datetime) -> Meeting:
    """Return a new meeting. The stations of the region, and those where one signs in, are told.

    Raises:
        MeetingRefused: Something does not fit.
    """
    with transaction.atomic():
        if region.ended or (unit is not None and (unit.ended or unit.region_id != region.pk)):
            raise MeetingRefused("这个村或支部已经撤并，请选别的")
        if terms.begin < now - LATE:
            raise MeetingRefused(f"开过的会最晚 {LATE.days} 天内补登")
        _check(region, terms, now, stood=None)
        meeting = Meeting.objects.create(region=region, unit=unit)
        content = {**terms.content(), "cancelled": False}
        put(MeetingRecord, [meeting.pk], Period(), content, actor=actor)
        _said(meeting, ANNOUNCED, actor, {"reason": ""}, terms.stations, now)
    return meeting


def change(
    meeting: Meeting, terms: Terms, *, actor: str, reason: str, now: dt.datetime, made_from: int | None = None
) -> None:
    """Have a meeting be otherwise than it was announced.

    Args:
        made_from: Key of the row from which ``terms`` were made; None: they were made from nothing that could be old.

    Raises:
        ChangedMeanwhile: Another row stands by now, and its change would be lost.
        MeetingRefused: Something does not fit or would change what stays (`Fixed`), nothing is new, no reason is given,
            or it was cancelled.
        OwnAffair: It has begun, and the change bears on whether the actor came, or votes.
    """
    reason = _reason(reason, meeting.region)
    with transaction.atomic():
        stood = _locked(meeting)
        if stood.cancelled:
            raise MeetingRefused("这个会已经取消，请另发通知")
        if made_from not in (None, stood.pk):
            raise ChangedMeanwhile("您打开这一页以后，这个会又改过。下面是您填的，请对照改动核对，再存一次")
        _check(meeting.region, terms, now, stood=stood)
        fixed = fixed_of(meeting, now)
        if fixed.has_begun or now >= terms.begin:
            refuse_own_affair(actor, _whose_coming_changes(stood, terms))
        refuse_otherwise(fixed, stood, terms)
        if not put(MeetingRecord, [meeting.pk], Period(), terms.content(), actor=actor, reason=reason):
            raise MeetingRefused("没有改动")
        detail = {"reason": reason, **changes_told(changes(stood, standing_record(meeting)))}
        _said(meeting, CHANGED, actor, detail, {*stood.stations, *terms.stations}, now)


def cancel(meeting: Meeting, *, actor: str, reason: str, now: dt.datetime) -> None:
    """Have a meeting not be held.

    Raises:
        MeetingRefused: It was cancelled already, or it has ended, or no reason is given.
        OwnAffair: It has begun, and the actor is expected.
    """
    reason = _reason(reason, meeting.region)
    with transaction.atomic():
        stood = _locked(meeting)
        if stood.cancelled:
            raise MeetingRefused("这个会已经取消了")
        if now >= stood.end:
            raise MeetingRefused("这个会的时间已经过去，不能再取消；没开成的，请改会议记录写明")
        if fixed_of(meeting, now).has_begun and is_own_affair(actor, stood.expected):
            raise OwnAffair(NOT_BY_THOSE_EXPECTED)
        put(MeetingRecord, [meeting.pk], Period(), {"cancelled": True}, actor=actor, reason=reason)
        _said(meeting, CANCELLED, actor, {"reason": reason}, stood.stations, now)


def standing_record(meeting: Meeting) -> MeetingRecord:
    """Return what is announced of a meeting now."""
    row: MeetingRecord = MeetingRecord.objects.known().get(subject=meeting)
    return row


def _locked(meeting: Meeting) -> MeetingRecord:
    Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
    return standing_record(meeting)


def _said(meeting: Meeting, action: str, actor: str, detail: Detail, stations: Iterable[str], now: dt.datetime) -> None:
    entry = record(actor, action, meeting.code, {"region": meeting.region.code, **detail})
    decide(entry, Decided(action=action, subject=meeting.code), [meeting])
    shelf_changed_under(subtree_prefix(meeting.region.code), at=now)
    shelf_changed(stations, at=now)


def _whose_coming_changes(stood: MeetingRecord, terms: Terms) -> set[int]:
    """Return the people who could stand otherwise to the meeting than before."""
    before, after = set(stood.expected), set(terms.expected)
    is_same = (stood.begin, stood.end, set(stood.stations)) == (terms.begin, terms.end, set(terms.stations))
    return before ^ after | set(stood.voters) ^ terms.voters if is_same else before | after


def _check(region: Region, terms: Terms, now: dt.datetime, *, stood: MeetingRecord | None) -> None:
    if terms.kind not in Kind.values:
        raise MeetingRefused("请选哪种会议")
    if not 2 <= len(terms.title) <= MOST_LETTERS or not 2 <= len(terms.place) <= MOST_LETTERS:
        raise MeetingRefused(f"会议名称和地点要写 2 到 {MOST_LETTERS} 个字")
    if not dt.timedelta() < terms.end - terms.begin <= LONGEST:
        raise MeetingRefused(f"结束要在开始以后，一次会最长 {LONGEST // dt.timedelta(hours=1)} 小时")
    if terms.begin > now + AHEAD:
        raise MeetingRefused("太早了：只能发一年以内的会")
    found = Station.objects.filter(pk__in=set(terms.stations), revoked_at=None).count()
    if not 0 < len(set(terms.stations)) <= MOST_STATIONS or found < len(set(terms.stations)):
        raise MeetingRefused("请选在哪个站点签到")
    _check_people(region, terms, set() if stood is None else set(stood.expected))
    check_rule(terms.rule, terms.numerator, terms.denominator)
    _check_agenda(terms.agenda)
    if len(terms.papers) > MOST_PAPERS:
        raise MeetingRefused(f"材料最多 {MOST_PAPERS} 份")
    if against := reason_against(terms.words(), [region.code]):
        raise MeetingRefused(against)


def _check_people(region: Region, terms: Terms, were_expected: set[int]) -> None:
    expected = set(terms.expected)
    if not 0 < len(expected) <= MAX_EXPECTED:
        raise MeetingRefused(f"请选应到的人，1 到 {MAX_EXPECTED} 人")
    if not terms.voters <= expected or (terms.chair is not None and terms.chair not in expected):
        raise MeetingRefused("主持人和有表决权的人都要在应到的人里")
    # Who was expected before may have left since; that they were meant to come stays true.
    new = expected - were_expected
    here = Person.objects.filter(pk__in=new, village__code__startswith=subtree_prefix(region.code), left=False)
    if here.count() < len(new):
        raise MeetingRefused("应到的人里有人已离开或不在这个范围，请重新选人")


def _check_agenda(agenda: Sequence[Item]) -> None:
    if len(agenda) > MAX_AGENDA or len({item.id for item in agenda}) < len(agenda):
        raise MeetingRefused(f"议题最多 {MAX_AGENDA} 项")
    for item in agenda:
        if not 2 <= len(item.title) <= MOST_LETTERS:
            raise MeetingRefused(f"每个议题写 2 到 {MOST_LETTERS} 个字")
        options = item.options
        if options and not (2 <= len(options) <= MAX_OPTIONS and len(set(options)) == len(options)):
            raise MeetingRefused(f"要表决的议题写 2 到 {MAX_OPTIONS} 个不同的选项，弃权不用写")
        if any(not 0 < len(option) <= MOST_LETTERS for option in options):
            raise MeetingRefused(f"每个选项最多 {MOST_LETTERS} 个字")


def _reason(reason: str, region: Region) -> str:
    told = " ".join(reason.split())[:200]
    if len(told) < LEAST_REASON:
        raise MeetingRefused(f"已经通知了大家，请写明理由（至少 {LEAST_REASON} 个字）")
    if against := reason_against(told, [region.code]):
        raise MeetingRefused(against)
    return told
