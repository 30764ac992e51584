"""A year as a county's stations told it: touches with their pictures, closings of windows, a boot a week.

The bodies are what stations sign. The chain over them is not reckoned: settling does not look at it, and the digests
here are empty. Some stations are without a line for a day, so that some facts come late.
"""

import datetime as dt
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from protocol.codec import encode
from protocol.facts import BlobAnnounced, Booted, EpochOpened, StationFact, Touch, WindowClosed
from protocol.units import FactRef, Moment
from tests.benchmarks.duty.county import PEOPLE_A_VILLAGE

MORNING, AFTERNOON = (8 * 60, 12 * 60), (14 * 60 + 30, 17 * 60 + 30)
OF_THE_AFTERNOON = 8
"""So many of a village's people have the second window too, as in the sheet of `tests.benchmarks.duty.county`."""
_CLOSES = 180
"""Minutes after its end at which a window is closed."""
_PICTURE_BYTES = 30_000
_MS_A_MINUTE = 60_000
_EMPTY = bytes(32)


@dataclass(frozen=True, slots=True)
class Village:
    """A village's station and the cards of its people, in the order of their numbers."""

    station: str
    epoch: bytes
    cards: list[bytes]


@dataclass(frozen=True, slots=True)
class _Stated:
    """A fact with the times that rows of it need."""

    fact: StationFact
    received: dt.datetime


def since_always(first: dt.date) -> None:
    """Let the county have known people, cards, posts and windows before the year began, and absences as they came."""
    from django.apps import apps  # noqa: PLC0415 - needs `django.setup`
    from django.db import connection  # noqa: PLC0415

    from server_broker.dated.models import Dated  # noqa: PLC0415

    begun = dt.datetime.combine(first, dt.time(), dt.UTC) - dt.timedelta(days=40)
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not issubclass(model, Dated):
                continue
            table = model._meta.db_table
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            if table != "duty_absencerecord":
                cursor.execute(f"UPDATE {table} SET valid_from = %s WHERE valid_from > %s", [begun, begun])
            cursor.execute(
                f"UPDATE {table} SET recorded_at = least(coalesce(valid_from, %s), %s) - interval '1 day'",
                [begun, begun],
            )
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("DELETE FROM settling_change")
    connection.commit()


def make_year(first: dt.date, last: dt.date, *, seed: int) -> dict[str, int]:
    """Write what stations told of the working days from ``first`` to ``last``, and return how many rows there are."""
    from django.db import connection  # noqa: PLC0415

    from server_broker.workdays.days import workdays  # noqa: PLC0415

    days = [day for day, said in workdays(first, last).items() if said.working]
    counts = {"facts": 0, "touches": 0, "days": len(days)}
    for village in _villages():
        stated = list(_told(village, days, random.Random(f"{seed}:{village.station}")))
        _write(village, stated)
        counts["facts"] += len(stated)
        counts["touches"] += sum(isinstance(one.fact, Touch) for one in stated)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return counts


def _villages() -> Iterator[Village]:
    from server_broker.people.models import Card  # noqa: PLC0415

    cards: dict[str, list[bytes]] = {}
    rows = Card.objects.order_by("person__number")
    for village, token in rows.values_list("person__village", "token"):
        cards.setdefault(village, []).append(bytes(token))
    for code, own in sorted(cards.items()):
        yield Village(f"bench-{code[-6:]}", sha256(code.encode()).digest()[:16], own)


def _told(village: Village, days: Iterable[dt.date], draw: random.Random) -> Iterator[_Stated]:
    """Yield all facts of a station in the order of their seq."""
    boot, began, week, seq = b"", 0, -1, 0
    for day in days:
        midnight = _midnight(day)
        comes_late = draw.random() < 0.05
        if day.isocalendar().week != week:
            week, boot, began = day.isocalendar().week, draw.randbytes(16), midnight + 6 * 60 * _MS_A_MINUTE
            at = _moment(boot, began, began)
            if not seq:
                yield _Stated(EpochOpened(at=at, reason="first"), _came(began, comes_late))
                seq += 1
            yield _Stated(Booted(at=at, cause="power_on", software="0.1.0"), _came(began, comes_late))
            seq += 1
        for wall, card in _of_day(village, midnight, draw):
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


def _of_day(village: Village, midnight: int, draw: random.Random) -> list[tuple[int, bytes | None]]:
    """Return when which card was touched; None is the closing of a window."""
    found: list[tuple[int, bytes | None]] = []
    for (start, end), people in ((MORNING, PEOPLE_A_VILLAGE), (AFTERNOON, OF_THE_AFTERNOON)):
        for card in village.cards[:people]:
            chance = draw.random()
            if chance < 0.007:
                continue
            came = start + draw.randrange(12, 40) if chance < 0.05 else start - draw.randrange(1, 26)
            found.append((_minute(midnight, came, draw), card))
            if chance < 0.985:
                left = end - draw.randrange(12, 40) if chance > 0.965 else end + draw.randrange(20)
                found.append((_minute(midnight, left, draw), card))
        found.append((midnight + (end + _CLOSES) * _MS_A_MINUTE, None))
    return sorted(found, key=lambda one: (one[0], one[1] or b""))


def _minute(midnight: int, minute: int, draw: random.Random) -> int:
    return midnight + minute * _MS_A_MINUTE + draw.randrange(_MS_A_MINUTE)


def _midnight(day: dt.date) -> int:
    """Return the milliseconds since 1970 at which a date begins in China."""
    return (day - dt.date(1970, 1, 1)).days * 86_400_000 - 8 * 3_600_000


def _moment(boot: bytes, began: int, wall: int) -> Moment:
    return Moment(wall=wall, boot=boot, mono=wall - began, quality="synced")


def _came(wall: int, late: bool) -> dt.datetime:
    """Return when the county got a fact: at once, or on the next morning."""
    at = dt.datetime.fromtimestamp(wall / 1000 + 2, dt.UTC)
    return at.replace(hour=22, minute=0, second=0, microsecond=0) if late else at


def _write(village: Village, stated: list[_Stated]) -> None:
    """Write a station's stream: its facts, and a row for each touch."""
    from django.db import connection, transaction  # noqa: PLC0415

    from server_broker.fleet.models import Stream  # noqa: PLC0415

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


def _touch_row(village: Village, seq: int, touch: Touch, received: dt.datetime) -> tuple[object, ...]:
    at = touch.at
    wall = dt.datetime.fromtimestamp(at.wall / 1000, dt.UTC)
    return (
        *(village.station, village.epoch, seq, wall, at.quality, "", at.boot, at.mono),
        *(received, touch.card, "", touch.reader, touch.answer, touch.direction, ""),
    )
