"""A past for a county that begins today: what its stations would have told, had they been there.

It is written as rows, because nobody waits for months to pass: touches with their pictures, closings of windows, a boot
a week, a power cut now and then. The bodies are what stations sign. The chain over them is not reckoned, so no check of
the record holds for such a county; settling does not look at it. Some stations are without a line for a day, so that
some facts come late.

``python -m firmware_scripts.demo.past --days N`` gives one to the county in ``CUNHUI_HOME``, which must not be running:
to its stations that have told nothing yet.
"""

import argparse
import datetime as dt
import os
import random
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from protocol.china_time import CHINA
from protocol.codec import encode
from protocol.facts import BlobAnnounced, Booted, EpochOpened, StationFact, Touch, WindowClosed
from protocol.units import FactRef, Moment

_CLOSES = 180
"""Minutes after its end at which a window is closed."""
_SILENT_DAYS = 5
"""Working days that a silent station has not told of yet."""
_CUT_SHARE, _POWER_BACK = 0.015, 9 * 60 + 12
"""Of how many days the power was off in the morning, and the minute after midnight at which it was back."""
_SHOWN_AFTER = dt.timedelta(days=17, hours=9)
"""After a month's end. By then every date was settled with all that was awaited."""
_LOOKED_AT = dt.timedelta(days=30)
"""Of so many dates what is worth a look is found."""
_LATE_SHARE = 0.004
"""Of how many people the last touch of a day comes hours after everybody else's. Some of them came late, too."""
_PICTURE_BYTES = 30_000
_MS_A_MINUTE = 60_000
_EMPTY = bytes(32)


@dataclass(frozen=True, slots=True)
class _Window:
    """A window by its minutes after midnight, and the cards of those who are in it."""

    start: int
    end: int
    cards: list[bytes]


@dataclass(frozen=True, slots=True)
class _Village:
    """A village's station, the windows that it has on working days, and when who is away."""

    station: str
    epoch: bytes
    windows: list[_Window]
    away: dict[bytes, list[tuple[int, int]]] = field(default_factory=dict)
    """Of a card, from when to when, in milliseconds since 1970."""

    def is_away(self, card: bytes, at: int) -> bool:
        return any(since <= at < until for since, until in self.away.get(card, ()))


@dataclass(frozen=True, slots=True)
class _Stated:
    """A fact, and when the county got it."""

    fact: StationFact
    received: dt.datetime


def main() -> int:
    """Give the county a past, settle it as it would have been settled, and leave the database as it was."""
    options = argparse.ArgumentParser(prog="python -m firmware_scripts.demo.past", description=__doc__)
    options.add_argument("--days", type=int, required=True, help="so many before today")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--silent", action="append", default=[], metavar="STATION", help="without a line of late")
    options.add_argument("--shown", nargs=2, metavar=("MONTH", "ACCOUNT"), help="whose sheets were shown, by whom")
    chosen = options.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "server_broker.settings"
    import django  # noqa: PLC0415 - the settings must be named before

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from server_broker import postgres  # noqa: PLC0415

    last = timezone.localdate() - dt.timedelta(days=1)
    first = last - dt.timedelta(days=chosen.days - 1)
    postgres.start(settings.HOME)
    try:
        _absences(first, last, random.Random(chosen.seed))  # noqa: S311 - sample data
        known_since(first)
        print(make_past(first, last, seed=chosen.seed, silent=chosen.silent))
        _settle(first, last)
        if chosen.shown:
            _show(*chosen.shown)
    finally:
        postgres.stop(settings.HOME)
    return 0


def _absences(first: dt.date, last: dt.date, draw: random.Random) -> None:
    """Let some people have been on leave or field duty, a day or two."""
    from django.db import transaction  # noqa: PLC0415

    from server_broker.attendance.models import DutyWindow  # noqa: PLC0415
    from server_broker.dated.writing import Period, put  # noqa: PLC0415
    from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord  # noqa: PLC0415

    people = DutyWindow.objects.filter(village__stations__streams=None).values_list("people", flat=True)
    for person in sorted({one for one in people if one is not None}):
        for _ in range(draw.choice((0, 0, 1, 2))):
            kind = draw.choice((AbsenceKind.LEAVE, AbsenceKind.LEAVE, AbsenceKind.FIELD_DUTY))
            since = _begin(first) + dt.timedelta(days=draw.randrange((last - first).days))
            period = Period(since, since + dt.timedelta(days=draw.choice((1, 1, 2))))
            code = draw.choice(("personal", "sick")) if kind == AbsenceKind.LEAVE else ""
            with transaction.atomic():
                made = Absence.objects.create(person_id=person, kind=kind)
                put(AbsenceRecord, [made.pk], period, {"code": code}, actor="past")


def known_since(first: dt.date) -> None:
    """Let the county have known people, cards, posts and windows before the past began, and absences as they came."""
    from django.apps import apps  # noqa: PLC0415 - needs `django.setup`
    from django.db import connection  # noqa: PLC0415

    from server_broker.dated.models import Dated  # noqa: PLC0415
    from server_broker.fleet.models import Station  # noqa: PLC0415

    begun = _begin(first) - dt.timedelta(days=40)
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not issubclass(model, Dated):
                continue
            table = model._meta.db_table
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            # What was put right while the county was made would have been wrong for all of the past.
            cursor.execute(f"DELETE FROM {table} WHERE superseded_at IS NOT NULL")  # noqa: S608 - a name of our own
            if table != "duty_absencerecord":
                cursor.execute(f"UPDATE {table} SET valid_from = %s WHERE valid_from > %s", [begun, begun])  # noqa: S608 - a name of our own
            cursor.execute(
                f"UPDATE {table} SET recorded_at = least(coalesce(valid_from, %s), %s) - interval '1 day'",  # noqa: S608 - a name of our own
                [begun, begun],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("DELETE FROM settling_change")
    Station.objects.filter(streams=None).update(enrolled_at=begun)


def make_past(first: dt.date, last: dt.date, *, seed: int, silent: Collection[str] = ()) -> dict[str, int]:
    """Write what stations told of the working days from ``first`` to ``last``, and return how many rows there are.

    Args:
        silent: Stations that have told nothing of the last days yet.
    """
    from django.db import connection  # noqa: PLC0415

    from server_broker.workdays.days import workdays  # noqa: PLC0415

    days = [day for day, said in workdays(first, last).items() if said.working]
    counts = {"facts": 0, "touches": 0, "days": len(days)}
    for village in _villages():
        told = days[:-_SILENT_DAYS] if village.station in silent else days
        stated = list(_told(village, told, random.Random(f"{seed}:{village.station}")))  # noqa: S311 - sample data
        _write(village, stated)
        counts["facts"] += len(stated)
        counts["touches"] += sum(isinstance(one.fact, Touch) for one in stated)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return counts


def _villages() -> Iterator[_Village]:
    """Yield the stations that have told nothing yet, with the windows of their villages."""
    from server_broker.attendance.models import DutyWindow  # noqa: PLC0415
    from server_broker.duty.models import AbsenceRecord  # noqa: PLC0415
    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.people.models import Card  # noqa: PLC0415

    cards = {person: bytes(token) for person, token in Card.objects.values_list("person", "token")}
    away: dict[bytes, list[tuple[int, int]]] = defaultdict(list)
    rows = AbsenceRecord.objects.known().filter(ended=False)
    for person, since, until in rows.values_list("subject__person", "valid_from", "valid_to"):
        if person in cards and since is not None and until is not None:
            away[cards[person]].append((_ms(since), _ms(until)))
    windows: dict[str, list[_Window]] = {}
    for one in DutyWindow.objects.order_by("start").prefetch_related("people"):
        people = sorted(one.people.all(), key=lambda person: person.number)
        own = [cards[person.pk] for person in people if person.pk in cards]
        windows.setdefault(one.village_id, []).append(_Window(one.start, one.end, own))
    for station in Station.objects.filter(streams=None).order_by("pk"):
        epoch = sha256(station.pk.encode()).digest()[:16]
        yield _Village(station.pk, epoch, windows.get(station.village_id, []), away)


def _told(village: _Village, days: Iterable[dt.date], draw: random.Random) -> Iterator[_Stated]:
    """Yield all facts of a station in the order of their seq."""
    boot, began, week, seq = b"", 0, -1, 0
    for day in days:
        midnight = _midnight(day)
        comes_late, power_cut = draw.random() < 0.05, draw.random() < _CUT_SHARE
        since = midnight + (_POWER_BACK if power_cut else 0) * _MS_A_MINUTE
        if day.isocalendar().week != week or power_cut:
            week, boot = day.isocalendar().week, draw.randbytes(16)
            began = since if power_cut else midnight + 6 * 60 * _MS_A_MINUTE
            at = _moment(boot, began, began)
            if not seq:
                yield _Stated(EpochOpened(at=at, reason="first"), _came(began, comes_late))
                seq += 1
            yield _Stated(Booted(at=at, cause="power_on", software="0.1.0"), _came(began, comes_late))
            seq += 1
        for wall, card in _of_day(village, midnight, draw):
            if wall < since:
                continue
            at, received = _moment(boot, began, wall), _came(wall, comes_late)
            if card is None:
                yield _Stated(WindowClosed(at=at, window="w", date=day.isoformat(), closed=wall), received)
                seq += 1
                continue
            seq += 1
            yield _Stated(Touch(at=at, card=card, reader="reader-0", answer="recorded", direction="in"), received)
            about = FactRef(epoch=village.epoch, seq=seq)
            seq += 1
            yield _Stated(
                BlobAnnounced(
                    at=at, sha256=_EMPTY, size=_PICTURE_BYTES, media_type="image/jpeg", purpose="touch", about=about
                ),
                received,
            )


def _of_day(village: _Village, midnight: int, draw: random.Random) -> list[tuple[int, bytes | None]]:
    """Return when which card was touched; None is the closing of a window."""
    found: list[tuple[int, bytes | None]] = []
    for window in village.windows:
        for card in window.cards:
            chance = draw.random()
            if 1 - chance < 0.007 or village.is_away(card, midnight + window.start * _MS_A_MINUTE):
                continue
            came = window.start + draw.randrange(12, 40) if chance < 0.05 else window.start - draw.randrange(1, 26)
            found.append((_minute(midnight, came, draw), card))
            if chance < 0.985:
                left = window.end - draw.randrange(12, 40) if chance > 0.965 else window.end + draw.randrange(20)
                if chance < _LATE_SHARE and window is village.windows[-1]:
                    left = window.end + draw.randrange(150, 175)
                found.append((_minute(midnight, left, draw), card))
        found.append((midnight + (window.end + _CLOSES) * _MS_A_MINUTE, None))
    return sorted(found, key=lambda one: (one[0], one[1] or b""))


def _minute(midnight: int, minute: int, draw: random.Random) -> int:
    return midnight + minute * _MS_A_MINUTE + draw.randrange(_MS_A_MINUTE)


def _begin(day: dt.date) -> dt.datetime:
    """Return when a date begins in China."""
    return dt.datetime.combine(day, dt.time(), CHINA)


def _midnight(day: dt.date) -> int:
    return _ms(_begin(day))


def _ms(at: dt.datetime) -> int:
    """Return the milliseconds since 1970."""
    return int(at.timestamp()) * 1000


def _moment(boot: bytes, began: int, wall: int) -> Moment:
    return Moment(wall=wall, boot=boot, mono=wall - began, quality="synced")


def _came(wall: int, late: bool) -> dt.datetime:
    """Return when the county got a fact: at once, or on the next morning."""
    at = dt.datetime.fromtimestamp(wall / 1000 + 2, dt.UTC)
    return at.replace(hour=22, minute=0, second=0, microsecond=0) if late else at


def _write(village: _Village, stated: list[_Stated]) -> None:
    """Write a station's stream: its facts, and a row for each touch."""
    from django.db import connection, transaction  # noqa: PLC0415

    from server_broker.fleet.models import Stream  # noqa: PLC0415

    if not stated:
        return
    with transaction.atomic():
        stream = Stream.objects.create(
            station_id=village.station, epoch=village.epoch, through=len(stated), head=_EMPTY, issued=len(stated)
        )
        Stream.objects.filter(pk=stream.pk).update(opened_at=stated[0].received)
        with connection.cursor() as cursor:
            raw = cursor.cursor
            with raw.copy(
                "COPY ingest_fact (stream_id, seq, digest, head, salt, body, kind, received_at, held_reason) FROM STDIN"
            ) as copy:
                for seq, one in enumerate(stated, start=1):
                    kind = str(one.fact.__struct_config__.tag)
                    copy.write_row(
                        (stream.pk, seq, _EMPTY, _EMPTY, _EMPTY[:16], encode(one.fact), kind, one.received, "")
                    )
            with raw.copy(
                """COPY attendance_touch (station_id, epoch, seq, wall, quality, said_quality, boot, mono_ms,
                received_at, card_token, person_number, reader, answer, direction, chosen_direction) FROM STDIN"""
            ) as copy:
                for seq, one in enumerate(stated, start=1):
                    if isinstance(one.fact, Touch):
                        copy.write_row(_touch_row(village, seq, one.fact, one.received))


def _touch_row(village: _Village, seq: int, touch: Touch, received: dt.datetime) -> tuple[object, ...]:
    at = touch.at
    wall = dt.datetime.fromtimestamp(at.wall / 1000, dt.UTC)
    return (
        *(village.station, village.epoch, seq, wall, at.quality, "", at.boot, at.mono),
        *(received, touch.card, "", touch.reader, touch.answer, touch.direction, ""),
    )


def _settle(first: dt.date, last: dt.date) -> None:
    """Settle each Monday's night what two weeks may have changed, so that results have a history; then look around."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.exceptions.found import Look  # noqa: PLC0415
    from server_broker.exceptions.looking import look_at  # noqa: PLC0415
    from server_broker.exceptions.models import Looked  # noqa: PLC0415
    from server_broker.settling.due import FIRST, RECORD  # noqa: PLC0415
    from server_broker.settling.models import SettlingState  # noqa: PLC0415
    from server_broker.settling.rounds import settle_days  # noqa: PLC0415
    from server_broker.settling.seen import skip_facts  # noqa: PLC0415
    from server_broker.settling.whereabouts import Whereabouts  # noqa: PLC0415

    now = timezone.now()
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    mondays = [_begin(day) + dt.timedelta(hours=3) for day in days if day.weekday() == 0]
    villages, settled = sorted(Whereabouts(now).everybody), set[dt.date]()
    for known in (*mondays, timezone.localtime(now)):
        some = [day for day in days if dt.timedelta(0) < known.date() - day <= dt.timedelta(days=14)]
        if some:
            why = {day: RECORD if day in settled else FIRST for day in some}
            settle_days({(village, day): why[day] for village in villages for day in some}, known)
            settled.update(some)
    SettlingState.objects.update_or_create(pk=1, defaults={"since": first, "through": last, "timed_through": now})
    skip_facts()
    look_at(Look(last - _LOOKED_AT, last, now))
    Looked.objects.update_or_create(pk=1, defaults={"through": last})


def _show(month: str, account: str) -> None:
    """Have the month's sheets of all villages been shown some days after its end."""
    from server_broker.accounts.models import User  # noqa: PLC0415
    from server_broker.closing.closing import show_month  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415
    from server_broker.settlement.times import first_of_month, next_month  # noqa: PLC0415

    at, by = _begin(next_month(first_of_month(month))) + _SHOWN_AFTER, User.objects.get(username=account)
    for village in Region.objects.filter(stations__isnull=False).distinct():
        show_month(village, month, by=by, now=at)


if __name__ == "__main__":
    sys.exit(main())
