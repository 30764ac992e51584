"""The county's generation: a number that rises each time the county comes back from a backup.

The number stands in the database. A file in the county's folder keeps the highest number ever used, because two
restores of the same dump must not give the same number: stations would not notice the second restore. If the whole
machine is restored from an image, the file is old too. So a new number is also at least the seconds since 2026 began:
no image holds a number from after it was made.

After a restore of the database a person raises the number (``cunhui-server restored``). If the whole machine was
restored from an older image, the county itself can't know, because the image holds no trace of later times. Its
stations do: a birth carries the county's generation as the station knows it. If that is above the county's own, the
county raises its own above it (`StatedGenerations`), so that stations believe its receipts again and offer the facts
that it lacks. It also raises an alarm, because the journal of stations came from the same old image: later enrolments
and revocations may be missing in it, and a person must check that.

One station is believed in this, because a rise loses nothing and costs little, while stations that know a later number
believe no receipt until the county has risen; and a county may have one station only. But whoever has a station's keys
can say such a number. So the alarm names who says it, and as long as others are in service and none says the like, it
is not the gravest and asks to look at that station first.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.conf import settings
from django.db import transaction

from protocol.facts import Severity
from server_broker.fleet.alarm_codes import COUNTY_WENT_BACK, GENERATION_ABSURD
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.models import CountyState, Station
from server_broker.platform.files import write_atomically

_FILE = "generation"
_CLOCK_BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_BY_CLOCK = 1_000
"""Generations from this number on come from the clock. Smaller ones were counted one by one."""
_LAST_BY_CLOCK = 900_000_000
"""In 2054. A later clock is wrong; and versions of desired states start at the generation and must stay below 10^9."""

_GENERATION_STEP = 10**6
"""How many versions a document can have between two restores of the county."""
LAST_SANE_VERSION = 10**9
"""A station that reports a higher version is wrong; the county must not follow it, or its versions would run out."""

_SLACK_S = 3_600
"""How far (seconds) the county's clock may have been ahead when it gave a generation. If it was ahead by more, the
number is believed as soon as its time has come."""

_ALONE = "只有站点 {stations} 说记得更新的县代号，错的可能就是它：请先向村里核实它是否丢失或被人动过，可疑就吊销。"
_SEVERAL = "站点 {stations} 说记得更新的县代号。"
_DETAIL = (
    "属实就是县里整机恢复过旧备份，请核对站点名册：备份之后吊销的站点可能又能接入，须重新吊销；"
    "备份之后接入的须重新登记。已换用新代号，站点会补报县里缺少的记录"
)
_MOST_NAMED = 5
_ABSURD_DETAIL = "站点声称的县代号不可能出现过，未予采信；站点程序可能有误，或站点身份被人冒用"


def generation() -> int:
    """Return the generation, which receipts and welcomes carry."""
    state, _ = CountyState.objects.get_or_create(pk=1)
    return state.generation


def lowest_version() -> int:
    """Return the number above which the versions of this generation's documents for stations begin.

    A county that was restored from a backup could reach a version again that its stations have with other content. So
    each generation starts at versions of its own.
    """
    number = generation()
    height = number if number >= FIRST_BY_CLOCK else (number - 1) * _GENERATION_STEP
    return min(height, LAST_SANE_VERSION)


def by_clock(now: datetime) -> int:
    """Return the lowest generation for a restore at ``now``; 0 if the clock can't be right."""
    seconds = int((now - _CLOCK_BEGINS).total_seconds())
    return seconds if FIRST_BY_CLOCK <= seconds <= _LAST_BY_CLOCK else 0


def raise_generation(*, now: datetime, above: int = 0) -> int:
    """Raise the generation after the database was restored from a backup, and return the new number.

    Stations that see the new number offer the facts that the database lacks.

    Args:
        above: A generation that a station has seen. The new number is higher.
    """
    path = settings.HOME.root / _FILE
    with transaction.atomic():
        CountyState.objects.get_or_create(pk=1)
        state = CountyState.objects.select_for_update().get(pk=1)
        try:
            highest = int(path.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            highest = 0  # a new county has no file yet; of a damaged one the database and the clock take the place
        state.generation = max(max(state.generation, highest, above) + 1, by_clock(now))
        # The file comes before the database: a crash between the two skips a number, but never repeats one.
        write_atomically(path, str(state.generation).encode("ascii"))
        state.save()
    return state.generation


class StatedGenerations:
    """Compares the generations in births with the county's own. The worker keeps one for its whole life."""

    def __init__(self) -> None:
        self._raised_to: int | None = None
        self._raised_from = 0
        self._said: dict[str, None] = {}
        """The stations that stated a generation above the one from which the county rose, in that order."""

    def judge(self, stated: Mapping[str, int], *, own: int, now: datetime) -> int:
        """Return the generation that the county uses from now on. Runs inside the caller's transaction.

        A run of the program raises it for births only once. No image is restored under a running county; and a station
        must not be able to raise it again and again, because after each rise every station offers its old facts.

        Args:
            stated: The generation that each station knows.
        """
        self._hear_others(stated, own=own, now=now)
        ahead = {station: number for station, number in stated.items() if number > own}
        if not ahead:
            return own
        # No true generation is above the seconds since 2026, except those counted one by one: a higher one is absurd.
        most = max(by_clock(now) + _SLACK_S, FIRST_BY_CLOCK)
        # The county may rise once more if the database was restored under the running program (``own`` fell again).
        may_rise = self._raised_to is None or own < self._raised_to
        believed = {station: number for station, number in ahead.items() if may_rise and number <= most}
        absurd = [
            AlarmCall(station, GENERATION_ABSURD, "major", _ABSURD_DETAIL)
            for station in ahead
            if station not in believed
        ]
        raise_alarms(absurd, at=now)
        if not believed:
            return own
        self._raised_from, self._said = own, dict.fromkeys(believed)
        self._raised_to = raise_generation(now=now, above=max(believed.values()))
        desired_changed(Station.objects.values_list("pk", flat=True))
        self._tell(now)
        return self._raised_to

    def _hear_others(self, stated: Mapping[str, int], *, own: int, now: datetime) -> None:
        """Note who else knew a later generation when the county rose. Whoever was born since knows the new one."""
        if self._raised_to is None or own != self._raised_to:
            return
        others = [
            station
            for station, number in stated.items()
            if self._raised_from < number < self._raised_to and station not in self._said
        ]
        if others:
            self._said |= dict.fromkeys(others)
            self._tell(now)

    def _tell(self, now: datetime) -> None:
        in_service = Station.objects.filter(revoked_at=None, enrolled_at__isnull=False)
        is_alone = len(self._said) == 1 and in_service.exclude(pk__in=self._said).exists()
        named = "、".join(list(self._said)[:_MOST_NAMED])
        stations = named if len(self._said) <= _MOST_NAMED else f"{named} 等 {len(self._said)} 个"
        said = (_ALONE if is_alone else _SEVERAL).format(stations=stations)
        severity: Severity = "major" if is_alone else "critical"
        raise_alarms([AlarmCall(None, COUNTY_WENT_BACK, severity, said + _DETAIL)], at=now)
