"""Filters and tags with which the console's templates write times, words and the navigation."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from protocol.units import DATED_QUALITIES
from server_broker.accounts import powers
from server_broker.attendance import times
from server_broker.attendance.outcomes import Outcome
from server_broker.audit.models import AuditEntry
from server_broker.bundles.models import Bundle
from server_broker.bundles.spread import At
from server_broker.console import (
    action_words,
    affair_words,
    audit_words,
    command_words,
    feedback_words,
    health,
    held_words,
    request_words,
    shelf_words,
    words,
)
from server_broker.console.county_time import CAUSE, UntoldTime, untold_time
from server_broker.console.help_places import help_for
from server_broker.console.moments import moment_words
from server_broker.console.navigation import groups_for
from server_broker.fleet.contracts import is_of_an_earlier_release
from server_broker.fleet.models import Alarm, Station, StationEvent, StationStatus
from server_broker.ingest.reasons import reason_word
from server_broker.regions.models import COUNTY_DIGITS, Region, subtree_prefix
from server_broker.rosters.changes import days

register = template.Library()
register.filter("command_reason", command_words.reason_word)
register.simple_tag(untold_time)
register.filter("command_state", command_words.state_word)
register.filter("command_figures", command_words.figure_words)
register.filter("feedback_topic", feedback_words.topic_word)
register.filter("feedback_matter", feedback_words.matter_word)
register.filter("feedback_state", feedback_words.state_word)
register.filter("affair_state", affair_words.case_state)
register.filter("affair_outcome", affair_words.state_word)
register.filter("affair_when", affair_words.case_when)
register.filter("clock", times.clock)
register.filter("rank_word", affair_words.rank_word)
register.filter("who_acted", affair_words.who_acted)
register.filter("request_kind", request_words.kind_word)
register.filter("request_away", request_words.away_words)
register.filter("request_code", request_words.code_word)
register.filter("request_state", request_words.state_word)
register.filter("clock", times.clock)
register.filter("weekdays", days)
register.filter("may_here", lambda power, user: powers.may(user, powers.Power(power)))
register.filter("what_it_says", held_words.what_it_says)
register.filter("message_step", held_words.message_step)
register.filter("who_may", lambda power: powers.who_may(powers.Power(power)))
register.filter("weekday", lambda number: f"星期{days([number])}")
register.filter("date_of_year", lambda date: f"{date // 100:02d}-{date % 100:02d}")


@register.inclusion_tag("console/_navigation.html", takes_context=True)
def navigation(context: dict[str, Any]) -> dict[str, Any]:
    """Show the pages that the viewer may open, by group."""
    request: HttpRequest = context["request"]
    here = request.resolver_match.url_name if request.resolver_match else ""
    # A page below one of the entries names that entry as its section.
    groups = groups_for(request.user, context.get("section", here) or "")
    is_open = any(group.current for group in groups)
    return {
        "groups": groups,
        "is_open": is_open,
        "request": request,
        "user": request.user,
        "help": help_for(here or ""),
    }


@register.filter
def state(station: Station) -> words.Word:
    """Return the station's state in words."""
    return words.state_of(station)


@register.filter
def is_connected(station: Station) -> bool:
    """Return whether what the county knows of a station is of this moment, and not of its last report."""
    return words.state_of(station) is words.ONLINE


@register.filter
def last_status(station: Station) -> StationStatus | None:
    """Return the station's last status, or None."""
    return words.status_of(station)


@register.filter
def is_older(status: StationStatus | None) -> bool:
    """Return whether the station is of an earlier release than the county."""
    return status is not None and is_of_an_earlier_release(status)


@register.filter
def knows_time(status: StationStatus | None) -> bool:
    """Return whether a station knows the time, as it said last."""
    return status is not None and status.clock_quality in DATED_QUALITIES


@register.filter
def quality(code: str) -> words.Word:
    """Return a clock quality in words."""
    return words.QUALITIES.get(code, words.UNKNOWN)


@register.filter
def quality_word(code: str) -> str:
    """Return a clock quality as a word without a sign."""
    return quality(code).word


@register.filter
def touch_outcome(outcome: Outcome) -> words.Word:
    """Return a touch's outcome in words."""
    return words.TOUCH_OUTCOMES[outcome]


@register.filter
def direction(code: str) -> str:
    """Return 上班 or 下班, or a dash if the touch has no direction."""
    return words.DIRECTIONS.get(code, "—")


@register.filter
def picture(purpose: str) -> str:
    """Return a picture's purpose in Chinese."""
    return words.PICTURES.get(purpose, "抓拍")


@register.filter
def severity(code: str) -> words.Word:
    """Return a severity in words."""
    return words.SEVERITIES.get(code, words.UNKNOWN)


@register.filter
def event(kind: str) -> words.Word:
    """Return a kind of station event in words, or as it is if it has no words."""
    return words.EVENTS.get(kind, words.Word("·", kind, "quiet"))


@register.filter
def alarm_title(alarm: Alarm) -> str:
    """Return an alarm's name in Chinese, or its code."""
    return words.alarm_name(alarm.code, alarm.origin)


@register.filter
def remedy(alarm: Alarm) -> str:
    """Return what a person should do about an alarm."""
    return words.remedy(alarm.code, alarm.origin)


@register.filter
def remedy_of(code: str) -> str:
    """Return what a person should do about an alarm that the county raises, by its code."""
    return words.remedy(code)


@register.filter
def ending(alarm: Alarm) -> str:
    """Return how an open alarm ends, if not with its cause."""
    return "" if alarm.resolved_at else words.ending(alarm.code, origin=alarm.origin)


@register.filter
def health_readings(status: StationStatus | None) -> list[health.Reading]:
    """Return the parts of the station's health in words."""
    return health.readings(status)


@register.filter
def health_word(status: StationStatus | None) -> words.Word:
    """Return the most serious problem of the station's health in one word."""
    return health.worst(status)


@register.filter
def action_word(action: str) -> str:
    """Return an audited action in Chinese, or its code."""
    return action_words.ACTIONS.get(action, action)


@register.filter
def source(entry: AuditEntry) -> str:
    """Return the address from which an audited action was asked."""
    return audit_words.source_word(entry.source)


@register.filter
def ago(moment: object) -> str:
    """Return how long ago a time was, in the largest unit: 刚刚 for less than a minute, 3 分钟前, 2 小时前, 5 天前."""
    if not isinstance(moment, dt.datetime):
        return "从未"
    seconds = (timezone.now() - moment).total_seconds()
    for unit, size in (("天", 86_400), ("小时", 3_600), ("分钟", 60)):
        if seconds >= size:
            return f"{int(seconds // size)} {unit}前"
    return "刚刚"


@register.filter
def moment(when: object) -> str:
    """Return a local time: 08:03:21 for today, 11-23 08:03 for this year, 2025-11-23 08:03 for earlier years."""
    return moment_words(when) if isinstance(when, dt.datetime) else "—"


@register.filter
def as_of(heard: object) -> str:
    """Return until when what the county knows of a station is true: its last report."""
    return f"截至 {moment(heard)} 站点最后一次报告" if heard else "站点还没有报告过"


@register.filter
def event_time(shown: StationEvent) -> str:
    """Return when an event happened: the corrected time if there is one, otherwise the station's time.

    If nothing dates the event, return the time of receipt, marked with 约.
    """
    if shown.corrected_wall:
        return moment(shown.corrected_wall)
    return moment(shown.wall) if shown.quality in DATED_QUALITIES else f"约 {moment(shown.received_at)}"


@register.filter
def setting_state(code: str) -> words.Word:
    """Return the state of a setting at its station in words."""
    return words.SETTING_STATES.get(code, words.UNKNOWN)


@register.filter
def setting_reason(refusal: str) -> str:
    """Return in Chinese why a station refused a setting, or the station's own text if there is no Chinese one."""
    code, _, more = refusal.partition(":")
    return words.SETTING_REASONS.get(code, more.strip() or code)


@register.filter
def command_word(kind: str) -> str:
    """Return a kind of command in Chinese, or its code."""
    return words.COMMANDS.get(kind, kind)


@register.filter
def bundle_kind(kind: str) -> str:
    """Return a kind of bundle in Chinese, or its code."""
    return shelf_words.BUNDLE_KINDS.get(kind, kind)


@register.filter
def notice_kind(kind: str) -> str:
    """Return what a notice is about in Chinese, or its code."""
    return shelf_words.NOTICE_KIND_WORDS.get(kind, kind)


@register.filter
def bundle_state(bundle: Bundle) -> words.Word:
    """Return in words whether a bundle is shown, will be, is over or was withdrawn."""
    now = timezone.now()
    if bundle.withdrawn_at is not None:
        return words.Word("✕", "已撤回", "bad")
    if bundle.not_after <= now:
        return words.Word("·", "已到期", "quiet")
    if bundle.not_before is not None and bundle.not_before > now:
        return words.Word("…", "还没开始", "quiet")
    return words.Word("✓", "在用", "good")


@register.filter
def shelf_state(at: At) -> words.Word:
    """Return in words whether a station has a bundle."""
    if at.state:
        return shelf_words.SHELF_STATES.get(at.state, words.UNKNOWN)
    return words.Word("…", "还没有报告", "quiet")


@register.filter
def shelf_reason(at: At, untold: UntoldTime | None = None) -> str:
    """Return in Chinese why a station does not have a bundle; empty if it has it. A code that only a later release
    knows is told with it.

    Args:
        untold: The county does not know the time. Then a station that does not is not the cause.
    """
    if at.state in shelf_words.WITHDRAWN_REASONS:
        return shelf_words.WITHDRAWN_REASONS[at.state]
    if not at.state and not at.speaks_of_shelf:
        return "站点程序是旧版，只收题库"
    if not at.reason:
        return ""
    if at.reason == "clock" and untold:
        return CAUSE
    return shelf_words.SHELF_REASONS.get(at.reason, f"站点没有收，代码 {at.reason[:32]}")


@register.filter
def first_day(moment: dt.datetime | None) -> str:
    """Return the local date on which something begins; 发布时 if it began when it was published."""
    return timezone.localtime(moment).strftime("%Y-%m-%d") if moment else "发布时"


@register.filter
def last_day(moment: dt.datetime) -> str:
    """Return the last local date before an end, so that an end at midnight is the day before."""
    return timezone.localtime(moment - dt.timedelta(seconds=1)).strftime("%Y-%m-%d")


@register.filter
def region_option(region: Region) -> str:
    """Return a region's name for a list of all, set in below the region that it lies in."""
    depth = (len(subtree_prefix(region.code)) - COUNTY_DIGITS) // 3
    return "　" * depth + region.name


@register.filter
def short_hex(value: bytes) -> str:
    """Return the first eight hex digits of a hash."""
    return bytes(value).hex()[:8]


@register.filter
def held_word(reason: str) -> str:
    """Return in Chinese why the county could not read a fact or a message."""
    return reason_word(reason)


@register.filter
def review_query(alarm: Alarm) -> str:
    """Return the query string with which the page 待审 shows an alarm's facts or messages; empty for other alarms."""
    kind = alarm.code.split(":", maxsplit=1)[0]
    state = {"held": "held", "quarantined": "messages"}.get(kind)
    if state is None or alarm.origin != "county":
        return ""
    return urlencode({"state": state} | ({"station": alarm.station_id} if alarm.station_id else {}))


@register.filter
def hexdump(raw: bytes) -> str:
    """Return bytes in lines of eight: the offset, the hex digits, and the bytes as ASCII where they are printable."""
    lines = []
    for offset in range(0, len(raw), 8):
        part = bytes(raw[offset : offset + 8])
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
        lines.append(f"{offset:04x}  {part.hex(' '):<23}  {text}")
    return "\n".join(lines)


@register.simple_tag(takes_context=True)
def refreshing(context: dict[str, Any], every: str = "5s") -> str:
    """Return the HTML attributes of a page's live part, for `server_broker.console.polling` and ``console.js``."""
    attributes = 'hx-get="{}" hx-trigger="every {}, refresh" hx-ext="morph" hx-swap="morph:innerHTML"'
    # The page's own URL with its query: `format_html` escapes it, because anybody may have typed it.
    return format_html(attributes, context["request"].get_full_path(), every)


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: object) -> str:
    """Return the query string of this page with some values changed. An empty value removes its name."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value in ("", None):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def day_or_moment(when: dt.datetime) -> str:
    """Return from when something holds: the day if it is a whole day, or else the time."""
    local = timezone.localtime(when)
    return f"{local:%Y-%m-%d}" if local.time() == dt.time.min else moment(when)


@register.filter
def last_day_or_moment(when: dt.datetime) -> str:
    """Return until when something holds: its last day, or the time at which it ends."""
    local = timezone.localtime(when)
    return f"{local - dt.timedelta(days=1):%Y-%m-%d}" if local.time() == dt.time.min else moment(when)
