"""Build each station's desired state from people, cards, duty windows, packs and settings, and give it a version.

A state is built again when something has changed (`server_broker.twin.desired_keeper`). If the content differs its
version rises, and the ingest worker sends it.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone

from protocol.china_time import milliseconds
from protocol.codec import decode, encode
from protocol.refusal import Refused
from protocol.twin import Desired, DutyWindow, Person, Reported, ShelfNamed, ShelfRef, known_desired
from server_broker.attendance.models import DaysKind, WindowRecord
from server_broker.attendance.models import DutyWindow as WindowRow
from server_broker.attendance.seasons import ALL_YEAR, stretch_from
from server_broker.bundles.index_keeper import indexes_in_force
from server_broker.bundles.questions import pack_files_of
from server_broker.bundles.shelf_reports import note_shelves
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import AsOf
from server_broker.dated.stretches import stretch_around
from server_broker.dated.writing import Period
from server_broker.duty.shown import shows
from server_broker.fleet.alarm_codes import DESIRED_TOO_LARGE, DESIRED_UNREADABLE, NEIGHBOURS_LEFT_OUT
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.contracts import spoken_contract
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.generation import LAST_SANE_VERSION, lowest_version
from server_broker.fleet.models import DesiredState, Station, StationStatus
from server_broker.fleet.tables import STATIONS
from server_broker.people.models import Card as CardRow
from server_broker.people.models import Person as PersonRow
from server_broker.people.posts import holders
from server_broker.platform.database_text import shown_line
from server_broker.twin.help_seen import contact, help_seen
from server_broker.twin.station_settings import note_settings, wanted_settings
from server_broker.twin.township import MAX_CARDS, MAX_PAYLOAD_BYTES, MAX_PEOPLE, card_of, with_neighbours

_log = logging.getLogger(__name__)

MAX_WINDOWS = 200
BUILT_AT_BIRTH = 5
"""States that are built within a batch of births. With a township's people each takes 17 ms of a processor."""


class DesiredTooLarge(Exception):
    """A village has more people, cards or windows than a desired state can hold; the last good state stays in use."""


class DesiredUnreadable(Exception):
    """The tables hold a value that a station could not read; the last good state stays in use."""


_ALARMS: dict[type[Exception], str] = {
    DesiredTooLarge: DESIRED_TOO_LARGE,
    DesiredUnreadable: DESIRED_UNREADABLE,
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
        own = build(station, version=before.version if before else 1, now=at)
        built, left_out = with_neighbours(own, station, now=at)
        _check_readable(built)
    except (DesiredTooLarge, DesiredUnreadable) as error:
        raise_alarm(station=station.id, code=_ALARMS[type(error)], severity="major", detail=str(error), at=at)
        return before and with_shelf(before, station)
    # Also if the state is the one from before: what was too large may have been taken back.
    for code in _ALARMS.values():
        resolve(station=station.id, code=code, at=at)
    _tell_left_out(station, built, left_out, at)
    floor = _floor(station, lowest=lowest_version())
    if before is not None and built == before and before.version >= floor:
        return with_shelf(before, station)
    desired = msgspec.structs.replace(built, version=max(station.desired_version, floor) + 1)
    DesiredState.objects.update_or_create(
        station=station, defaults={"version": desired.version, "payload": encode(desired), "built_at": at}
    )
    Station.objects.filter(pk=station.pk).update(desired_version=desired.version)
    return with_shelf(desired, station)


def _tell_left_out(station: Station, desired: Desired, left_out: int, at: datetime) -> None:
    """Open or close the alarm that some people of other villages are unknown to a station for want of room."""
    if not left_out:
        resolve(station=station.id, code=NEIGHBOURS_LEFT_OUT, at=at)
        return
    told = sum(1 for person in desired.people if person.village)
    said = f"本镇其他村有卡的 {told + left_out} 人中，{left_out} 人没有下发到这个站点（一次最多 {MAX_PEOPLE} 人）"
    raise_alarm(station=station.id, code=NEIGHBOURS_LEFT_OUT, severity="minor", detail=said, at=at)


def with_shelf(desired: Desired, station: Station) -> Desired:
    """Return a desired state that names the station's index. A new index alone gives the state no new version."""
    return msgspec.structs.replace(desired, shelf=_shelves_of([station.pk]).get(station.pk))


def _floor(station: Station, *, lowest: int) -> int:
    """Return the lowest version that a state may have to be sent. A station refuses one that is older than its own.

    Args:
        lowest: Of this generation.
    """
    reported = station.reported_version if station.reported_version < LAST_SANE_VERSION else 0
    return max(reported, lowest)


def shelves_named(stations: Collection[str]) -> list[ShelfNamed]:
    """Return which index is in force for each of these stations, if it has one and its contract knows of it."""
    return [ShelfNamed(station=station, shelf=shelf) for station, shelf in _shelves_of(stations).items()]


def _shelves_of(stations: Collection[str]) -> dict[str, ShelfRef]:
    """Return the same by station. Hundreds may connect at once, and the receipts of all wait meanwhile."""
    speaking = StationStatus.objects.filter(station__in=stations, contract__gte=1).values_list("station", flat=True)
    return indexes_in_force(list(speaking))


def is_ahead(version: int, *, of: int) -> bool:
    """Tell whether a station's version is above the county's, as after a restore, and still possible."""
    return of < version < LAST_SANE_VERSION


def build(station: Station, *, version: int, now: datetime) -> Desired:
    """Return the desired state of ``station`` from the tables as they are now, without people of other villages.

    Raises:
        DesiredTooLarge, DesiredUnreadable: With a Chinese message.
    """
    # One more than allowed of each list, so that `_check` sees that there are too many.
    people = PersonRow.objects.filter(village=station.village, left=False).order_by("number")[: MAX_PEOPLE + 1]
    cards = CardRow.objects.filter(person__village=station.village).select_related("person").order_by("token")
    # They count where no dated turns are. A week can't say which days are named, so those windows stay out of it.
    weekly = WindowRow.objects.filter(village=station.village, days=DaysKind.WEEKLY)
    windows = weekly.prefetch_related("people").order_by("pk")
    rows = list(windows[: MAX_WINDOWS + 1])
    runs = _runs(rows, now)
    listed = [row for row in rows if row.pk in runs]
    of_posts = _of_posts(listed)
    desired = Desired(
        station=station.id,
        version=version,
        station_name=station.name,
        village=station.village.name,
        region=station.village.code,
        front_door=settings.FRONT_DOOR,
        settings=wanted_settings(station),
        people=[Person(id=person.number, name=person.name, type=person.type) for person in people],
        cards=[card_of(card, card.person) for card in cards[: MAX_CARDS + 1] if card.person is not None],
        windows=[
            DutyWindow(
                id=str(row.pk),
                name=row.name,
                weekdays=sorted(row.weekdays),
                start=row.start,
                end=row.end,
                people=sorted(_here(row, of_posts, station)),
                since=_midnight_ms(runs[row.pk].since),
                until=_midnight_ms(runs[row.pk].until),
            )
            for row in listed
        ],
        packs=pack_files_of(station, now=now),
        help=help_seen(station),
        contact=contact(station),
        duty_board=shows(),
    )
    _check(desired)
    return known_desired(desired, spoken_contract(station.pk))


def _here(row: WindowRow, of_posts: dict[int, list[PersonRow]], station: Station) -> set[str]:
    """Return the numbers of everybody who is in a window today and on the station's list.

    Somebody in a window may belong to another village by now, and is not among the station's people.
    """
    people = [*row.people.all(), *(one for post in row.posts for one in of_posts.get(post, ()))]
    return {one.number for one in people if one.village_id == station.village_id and not one.left}


def _runs(windows: Sequence[WindowRow], now: datetime) -> dict[int, Period]:
    """Return since when each window runs and until when; none for one that ends before its season comes.

    A station may be without a line for weeks. Then it must not show somebody as missing before a window began or after
    it ended.
    """
    rows = WindowRecord.objects.known().filter(subject__in=[row.pk for row in windows])
    by_window: dict[int, list[WindowRecord]] = {}
    for row in rows.order_by(F("valid_from").asc(nulls_first=True)):
        by_window.setdefault(row.subject_id, []).append(row)
    found = {
        row.pk: stretch_around(by_window.get(row.pk, ()), now, held=lambda one: not one.ended) or Period()
        for row in windows
    }
    seasons = ((row.pk, found[row.pk].common(_season(row, now))) for row in windows)
    return {pk: period for pk, period in seasons if period is not None}


def _season(row: WindowRow, now: datetime) -> Period:
    """Return the season of a window that runs now or comes next: a station knows no seasons."""
    season = (row.season_from, row.season_to)
    if season == ALL_YEAR:
        return Period()
    first, last = stretch_from(season, timezone.localdate(now))
    return Period(begin_of(first), end_of(last))


def _midnight_ms(at: datetime | None) -> int:
    """Return the beginning of a moment's local day, as it travels; 0 without one."""
    return 0 if at is None else milliseconds(begin_of(timezone.localdate(at)))


def _of_posts(windows: Iterable[WindowRow]) -> dict[int, list[PersonRow]]:
    """Return who holds today each post that a window is for. It asks the database only if there is such a window."""
    posts = sorted({post for row in windows for post in row.posts})
    found: dict[int, list[PersonRow]] = {}
    for held in holders(posts, AsOf(timezone.now())) if posts else ():
        found.setdefault(held.subject.post_id, []).append(held.subject.person)
    return found


def _check(desired: Desired) -> None:
    """Refuse a state that a station could not take. Its last good state is better than that."""
    counted = (("人员", desired.people, MAX_PEOPLE), ("卡", desired.cards, MAX_CARDS))
    for name, listed, limit in (*counted, ("值班时段", desired.windows, MAX_WINDOWS)):
        if len(listed) > limit:
            raise DesiredTooLarge(f"{name}超过 {limit}，站点名单未更新")
    size = len(encode(desired))
    if size > MAX_PAYLOAD_BYTES:
        raise DesiredTooLarge(f"站点名单 {size} 字节，超过 {MAX_PAYLOAD_BYTES}，未更新")


def _check_readable(desired: Desired) -> None:
    try:
        # By the very rules by which the station reads it: `Desired` checks nothing when it is made from values.
        decode(encode(desired), Desired)
    except Refused as refused:
        _log.error(
            "%s: a station could not read its desired state: %s",
            desired.station,
            refused.detail,
            extra={"station": desired.station},
        )
        raise DesiredUnreadable("站点名单有不合规定的内容，未更新") from refused


def _read(kept: DesiredState) -> Desired | None:
    """Return a stored state, or None if this version of the program can't read it; then it is built again."""
    try:
        return decode(bytes(kept.payload), Desired)
    except Refused:
        return None


def stored_desired(stations: Collection[Station]) -> list[Desired]:
    """Return the desired state of each of these stations that has one which can be sent.

    None can where none was built yet. Nor where a station reports a higher version than the county has stored, because
    the county was restored from a backup: then the state must be built again with a version above the station's own.
    """
    by_id = {station.pk: station for station in stations}
    kept = DesiredState.objects.filter(station__in=by_id)
    lowest = lowest_version()
    read = {row.station_id: _read(row) for row in kept if row.version >= _floor(by_id[row.station_id], lowest=lowest)}
    shelves = _shelves_of(read)
    found = [desired for pk in by_id if (desired := read.get(pk)) is not None]
    return [msgspec.structs.replace(desired, shelf=shelves.get(desired.station)) for desired in found]


def desired_at_birth(stations: Collection[str]) -> list[Desired]:
    """Return the desired state of each of these stations, as far as it is there.

    A few that can't be sent are built at once. Whoever builds the states is told of the others: many stations may
    connect for the first time together, and their welcomes must not wait for it.
    """
    if not stations:
        return []
    rows = Station.objects.in_bulk(list(stations))
    found = stored_desired(rows.values())
    there = {desired.station for desired in found}
    lacking = [pk for pk in stations if pk in rows and pk not in there]
    built = [refresh(pk) for pk in lacking[:BUILT_AT_BIRTH]]
    if rest := lacking[BUILT_AT_BIRTH:]:
        desired_changed(rest)
    return [*found, *(desired for desired in built if desired is not None)]


def note_reported(reported: Sequence[tuple[str, Reported]], *, now: datetime) -> None:
    """Store which version each station uses, which it refused and why, how it took its settings, and its bundles."""
    note_settings(reported)
    note_shelves(reported, now=now)
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
                [min(said.version, LAST_SANE_VERSION) for said in last.values()],
                [min(said.refused, LAST_SANE_VERSION) for said in last.values()],
                [shown_line(said.reason) for said in last.values()],
            ],
        )
