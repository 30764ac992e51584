"""Exceptions in words: what was found, what it may well be, the touches behind it, and the one thing to do about it."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import in_scope
from server_broker.attendance.models import Touch
from server_broker.attendance.times import clock
from server_broker.attendance.touches import happened
from server_broker.console.queries import blobs_of, stations_of
from server_broker.exceptions.kinds import SPECS, KindNow, Spec
from server_broker.exceptions.models import Notable
from server_broker.fleet.models import Station
from server_broker.settling.words import RESULT_WORDS
from server_broker.today.words import day_words

ELSEWHERE = "外辖区的站点"


@dataclass(frozen=True, slots=True)
class ExceptionLine:
    """One exception in words."""

    row: Notable
    spec: Spec
    who: str
    said: str


@dataclass(frozen=True, slots=True)
class ShownEvidence:
    """One touch behind an exception."""

    at: dt.datetime
    station: str
    """Empty: the viewer does not see its station."""
    where: str
    how: str
    clock: str
    """What is to be said of the station's clock."""
    snapshot: int | None
    """Key of a picture that the viewer may see."""


def lines_of(rows: Iterable[Notable]) -> list[ExceptionLine]:
    """Return exceptions in words. Their persons and villages are loaded with them."""
    return [ExceptionLine(row, SPECS[row.kind], _who(row), _said(row)) for row in rows if row.kind in SPECS]


def _who(row: Notable) -> str:
    return row.village.name if row.person is None else row.person.name


def _said(row: Notable) -> str:
    found = row.detail
    match row.kind:
        case "two_places":
            return f"同一张卡 {found['minutes']} 分钟里先后在两个镇打卡"
        case "late_departure":
            door = "" if found["door"] else "；没有门磁的站点，只看得到打卡和大屏"
            return f"打下班卡以前，站点有 {_hours(found['minutes'])}没有别的动静{door}"
        case "card_on_leave":
            since, until = (timezone.localtime(dt.datetime.fromisoformat(found[name])) for name in ("from", "to"))
            return f"请假（{since:%m-%d %H:%M} 到 {until:%m-%d %H:%M}）还没结束，打了 {found['times']} 次卡"
        case "same_minute":
            begin = dt.time(found["second"] // 3600, found["second"] // 60 % 60, found["second"] % 60)
            return f"{found['days']} 天打过卡，其中 {found['together']} 天的第一次在 {begin:%H:%M:%S} 起的 60 秒里"
        case "quiet_village":
            return f"{_run(row)}：{found['windows']} 个班，没有人打卡，站点开着"
        case "dark_station":
            return f"{_run(row)}：{found['windows']} 个班，没有站点的记录"
        case _:
            return f"{clock(found['start'])} 的班{RESULT_WORDS.get(found['result'], '')}，那时在不算数的站点打过卡"


def _run(row: Notable) -> str:
    first, last = (dt.date.fromisoformat(row.detail[name]) for name in ("from", "to"))
    until = "" if first == last else f"到{day_words(last)}"
    return f"{day_words(first)}{until} {row.detail['days']} 个值班日"


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return f"{hours} 小时 {rest} 分钟" if hours else f"{rest} 分钟"


def evidence_of(user: User, row: Notable) -> list[ShownEvidence]:
    """Return the touches behind an exception, as far as the viewer may know of them; three queries."""
    wanted = [(str(station), bytes.fromhex(str(epoch)), int(seq)) for station, epoch, seq in row.evidence]
    touches = {
        (one.station_id, bytes(one.epoch), one.seq): one
        for one in Touch.objects.filter(
            station__in={station for station, _, _ in wanted},
            epoch__in={epoch for _, epoch, _ in wanted},
            seq__in={seq for _, _, seq in wanted},
        )
    }
    seen = {one.pk: one for one in stations_of(user).filter(pk__in={station for station, _, _ in wanted})}
    pictures = _pictures(user, list(seen), wanted)
    return [_evidence(touches[key], seen, pictures.get(key)) for key in wanted if key in touches]


def _pictures(
    user: User, stations: Sequence[str], wanted: Sequence[tuple[str, bytes, int]]
) -> dict[tuple[str, bytes, int], int]:
    if not may(user, Power.SEE_PICTURES):
        return {}
    about = blobs_of(user).filter(station__in=stations, viewable=True, about_seq__in=[seq for _, _, seq in wanted])
    rows = about.filter(evicted_reason="").values_list("station", "about_epoch", "about_seq", "pk")
    return {
        (station, bytes(epoch), seq): pk for station, epoch, seq, pk in rows if epoch is not None and seq is not None
    }


def _evidence(touch: Touch, seen: dict[str, Station], picture: int | None) -> ShownEvidence:
    at, _ = happened(touch)
    station = seen.get(touch.station_id)
    corrected = "按后来的校时改正过" if touch.corrected_wall else ""
    return ShownEvidence(
        at=at,
        station="" if station is None else station.pk,
        where=ELSEWHERE if station is None else station.name,
        how="编号" if touch.person_number else "卡",
        clock=corrected or ("站点那时靠自己的钟走" if touch.quality == "holdover" else "时间准"),
        snapshot=picture,
    )


def act_of(user: User, row: Notable) -> tuple[str, str] | None:
    """Return the one thing to do about an exception: its word and its address; None: the viewer may do none here."""
    if row.person is None:
        return _act_of_village(user, row)
    asks = may(user, Power.ENTER_REQUESTS) and not row.person.left
    if row.kind == "card_on_leave" and asks:
        return "替本人销假", _asking(row.person.number, "back")
    if row.kind == "off_place":
        roster = str(row.detail["roster"])
        if in_scope(user, roster):
            address = reverse("settled-window", args=[roster, row.person_id, row.day, row.detail["start"]])
            return "看这个班", address
        return ("替本人补卡", _asking(row.person.number, "correction")) if asks else None
    return "看这个人", reverse("person", args=[row.person_id])


def _act_of_village(user: User, row: Notable) -> tuple[str, str]:
    if row.kind == "dark_station":
        station = stations_of(user).filter(village=row.village, revoked_at=None).order_by("pk").first()
        if station is not None:
            return "看站点", reverse("station", args=[station.pk])
    address = f"{reverse('presence')}?{urlencode({'place': row.village.code, 'date': str(row.day)})}"
    return "看那天谁该到", address


def _asking(number: str, kind: str) -> str:
    return f"{reverse('affair-new')}?{urlencode({'person': number, 'kind': kind})}"


@dataclass(frozen=True, slots=True)
class KindLine:
    """A kind with how many stand, and what the judged ones came to."""

    kind: KindNow
    standing: int
    judged: int
    nothing: int

    @property
    def share(self) -> str:
        """What share of the judged ones was nothing."""
        return "" if not self.judged else f"{round(100 * self.nothing / self.judged)} %"
