"""Build each station's desired state from people, cards, duty windows, packs and settings, and give it a version.

The ingest worker builds a state again when it is notified of a change (`server_broker.fleet.desired_changes`). If the
content differs it raises the version, and sends the state.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.db import connection
from django.db.models import F, Func, IntegerField, Max
from django.utils import timezone

from protocol.codec import decode, encode
from protocol.refusal import Refused
from protocol.twin import Card, Desired, DutyWindow, PackRef, Person, Reported
from server_broker.attendance.models import DutyWindow as WindowRow
from server_broker.dated.models import AsOf
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.generation import FIRST_BY_CLOCK, generation
from server_broker.fleet.models import DesiredState, Station
from server_broker.fleet.tables import STATIONS
from server_broker.learning.models import LearningPack
from server_broker.people.models import Card as CardRow
from server_broker.people.models import Person as PersonRow
from server_broker.people.posts import holders
from server_broker.platform.database_text import without_nul
from server_broker.twin.station_settings import note_settings, wanted_settings

_log = logging.getLogger(__name__)

MAX_PAYLOAD_BYTES = 65_000
"""A desired state and its signature must fit in one MQTT message."""

MAX_PEOPLE, MAX_CARDS, MAX_WINDOWS, MAX_PACKS = 500, 1000, 200, 50

_LAST_SANE_VERSION = 10**9
"""A station that reports a higher version is wrong; the county must not follow it, or its versions would run out."""
_GENERATION_STEP = 10**6
"""How many versions a station can have between two restores of the county."""


class DesiredTooLarge(Exception):
    """A village has more people, cards or windows than a desired state can hold; the last good state stays in use."""


class DesiredUnreadable(Exception):
    """The tables hold a value that a station could not read; the last good state stays in use."""


_ALARMS: dict[type[Exception], str] = {
    DesiredTooLarge: "desired_too_large",
    DesiredUnreadable: "desired_unreadable",
}


def refresh(station_id: str, *, now: datetime | None = None) -> Desired | None:
    """Build a station's desired state, store it with a higher version if it changed, and return the stored one.

    Returns:
        None if there is no such station, or if the new state can't be sent and there is no earlier one.
    """
    station = Station.objects.select_related("village").filter(pk=station_id).first()
    if station is None:
        return None
    kept = DesiredState.objects.filter(station=station).first()
    before = _read(kept) if kept else None
    at = now or timezone.now()
    try:
        built = build(station, version=before.version if before else 1)
    except (DesiredTooLarge, DesiredUnreadable) as error:
        raise_alarm(station=station.id, code=_ALARMS[type(error)], severity="major", detail=str(error), at=at)
        return before
    floor = _floor(station)
    if before is not None and built == before and before.version >= floor:
        return before
    desired = msgspec.structs.replace(built, version=max(station.desired_version, floor) + 1)
    DesiredState.objects.update_or_create(
        station=station, defaults={"version": desired.version, "payload": encode(desired), "built_at": at}
    )
    Station.objects.filter(pk=station.pk).update(desired_version=desired.version)
    for code in _ALARMS.values():
        resolve(station=station.id, code=code, at=at)
    return desired


def _floor(station: Station) -> int:
    """Return the lowest version that a state may have to be sent.

    A station refuses a state that is older than its own. And a county that was restored from a backup could reach a
    version again that its stations have with other content. So each generation starts at versions of its own.
    """
    reported = station.reported_version if station.reported_version < _LAST_SANE_VERSION else 0
    number = generation()
    height = number if number >= FIRST_BY_CLOCK else (number - 1) * _GENERATION_STEP
    return max(reported, min(height, _LAST_SANE_VERSION))


def is_ahead(version: int, *, of: int) -> bool:
    """Tell whether a station's version is above the county's, as after a restore, and still possible."""
    return of < version < _LAST_SANE_VERSION


def build(station: Station, *, version: int) -> Desired:
    """Return the desired state of ``station`` from the tables as they are now.

    Raises:
        DesiredTooLarge, DesiredUnreadable: With a Chinese message.
    """
    # One more than allowed of each list, so that `_check` sees that there are too many.
    people = PersonRow.objects.filter(village=station.village, left=False).order_by("number")[: MAX_PEOPLE + 1]
    cards = CardRow.objects.filter(person__village=station.village).select_related("person").order_by("token")
    windows = WindowRow.objects.filter(village=station.village).prefetch_related("people").order_by("pk")
    listed = list(windows[: MAX_WINDOWS + 1])
    of_posts = _of_posts(listed)
    desired = Desired(
        station=station.id,
        version=version,
        station_name=station.name,
        village=station.village.name,
        region=station.village.code,
        settings=wanted_settings(station),
        people=[Person(id=person.number, name=person.name) for person in people],
        cards=[
            Card(token=bytes(card.token), person=card.person.number, lost=card.lost_at is not None)
            for card in cards[: MAX_CARDS + 1]
            if card.person is not None
        ],
        windows=[
            DutyWindow(
                id=str(row.pk),
                name=row.name,
                weekdays=sorted(row.weekdays),
                start=row.start,
                end=row.end,
                people=sorted(_here(row, of_posts, station)),
            )
            for row in listed
        ],
        packs=latest_packs(),
    )
    _check(desired)
    return desired


def _here(row: WindowRow, of_posts: dict[int, list[PersonRow]], station: Station) -> set[str]:
    """Return the numbers of everybody who is in a window today and on the station's list.

    Somebody in a window may belong to another village by now, and is not among the station's people.
    """
    people = [*row.people.all(), *(one for post in row.posts for one in of_posts.get(post, ()))]
    return {one.number for one in people if one.village_id == station.village_id and not one.left}


def _of_posts(windows: Iterable[WindowRow]) -> dict[int, list[PersonRow]]:
    """Return who holds today each post that a window is for. It asks the database only if there is such a window."""
    posts = sorted({post for row in windows for post in row.posts})
    found: dict[int, list[PersonRow]] = {}
    for held in holders(posts, AsOf(timezone.now())) if posts else ():
        found.setdefault(held.subject.post_id, []).append(held.subject.person)
    return found


def latest_packs() -> list[PackRef]:
    """Return the newest version of each pack. If there are more than `MAX_PACKS`, the last published ones are taken."""
    newest = LearningPack.objects.values("pack").annotate(version=Max("version"))
    versions = {row["pack"]: row["version"] for row in newest}
    size = Func(F("file"), function="octet_length", output_field=IntegerField())
    rows = LearningPack.objects.filter(pack__in=versions).annotate(size=size).order_by("-published_at")
    found = rows.values_list("pack", "version", "sha256", "size")
    latest = [row for row in found if versions[row[0]] == row[1]][:MAX_PACKS]
    refs = [
        PackRef(pack=pack, version=version, sha256=bytes(sha256), size=size) for pack, version, sha256, size in latest
    ]
    return sorted(refs, key=lambda ref: ref.pack)


def _check(desired: Desired) -> None:
    """Refuse a state that a station could not take. Its last good state is better than that."""
    counted = (("人员", desired.people, MAX_PEOPLE), ("卡", desired.cards, MAX_CARDS))
    for name, listed, limit in (*counted, ("值班时段", desired.windows, MAX_WINDOWS)):
        if len(listed) > limit:
            raise DesiredTooLarge(f"{name}超过 {limit}，站点名单未更新")
    encoded = encode(desired)
    if len(encoded) > MAX_PAYLOAD_BYTES:
        raise DesiredTooLarge(f"站点名单 {len(encoded)} 字节，超过 {MAX_PAYLOAD_BYTES}，未更新")
    try:
        # By the very rules by which the station reads it: `Desired` checks nothing when it is made from values.
        decode(encoded, Desired)
    except Refused as refused:
        _log.error("%s: a station could not read its desired state: %s", desired.station, refused.detail)
        raise DesiredUnreadable("站点名单有不合规定的内容，未更新") from refused


def _read(kept: DesiredState) -> Desired | None:
    """Return a stored state, or None if this version of the program can't read it; then it is built again."""
    try:
        return decode(bytes(kept.payload), Desired)
    except Refused:
        return None


def kept_desired(stations: Collection[str]) -> list[Desired]:
    """Return the newest desired state of each of these stations. A state that was never built is built now.

    If a station reports a higher version than the county has stored, because the county was restored from a backup, the
    state is built again with a version above the station's own.
    """
    if not stations:
        return []
    current = {
        kept.station_id: _read(kept)
        for kept in DesiredState.objects.filter(station__in=stations).select_related("station")
        if kept.version >= _floor(kept.station)
    }
    found = [current.get(station) or refresh(station) for station in stations]
    return [desired for desired in found if desired is not None]


def note_reported(reported: Sequence[tuple[str, Reported]]) -> None:
    """Store which version each station uses, which it refused and why, and how it took its settings."""
    note_settings(reported)
    last = dict(reported)
    if not last:
        return
    # IS DISTINCT FROM: each birth repeats the version, so a row is written only if something changes.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {STATIONS} s
            SET reported_version = w.version, refused_version = w.refused, refused_reason = w.reason
            FROM unnest(%s::text[], %s::int[], %s::int[], %s::text[]) AS w (station, version, refused, reason)
            WHERE s.id = w.station AND (s.reported_version, s.refused_version, s.refused_reason)
                  IS DISTINCT FROM (w.version, w.refused, w.reason)""",  # noqa: S608 - our own constant
            [
                list(last),
                [min(said.version, _LAST_SANE_VERSION) for said in last.values()],
                [min(said.refused, _LAST_SANE_VERSION) for said in last.values()],
                [without_nul(said.reason) for said in last.values()],
            ],
        )
