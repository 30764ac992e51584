"""A real station without a line, as it lives through dates: what it shows and judges against the second reckoning.

Import it after `django.setup`.
"""

import datetime as dt
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.shelf.gist import gist_of
from protocol.bundles import MAX_BUNDLE_BYTES, Bundle
from protocol.codec import decode
from protocol.facts import WindowClosed
from protocol.kiosk_duty import DutyRow
from protocol.twin import Desired
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle as BundleRow
from tests.agent.bench import Bench
from tests.fakes.bundles import Held
from tests.fakes.clockwork import FakeSystemClock
from tests.proofs.duty.county import Village, local, uid_of
from tests.proofs.duty.reckoning import Judge, Row, by_week

APART_MIN = 3
"""Nearer to one another are no two moments of a date, so that no touch repeats the one before."""
EDGES = (-91, -90, -89, 0, 1, 179, 180, 181)
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local minutes have no zone
_OFFSET = dt.timedelta(hours=8)


@dataclass
class Findings:
    """What was found."""

    differences: int = 0
    invented: int = 0
    touches: int = 0
    boards: int = 0
    rows: int = 0
    neighbours: int = 0
    closings: int = 0
    met: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def wrong(self, words: str, *, invented: bool) -> None:
        """Count a difference."""
        if invented:
            self.invented += 1
        else:
            self.differences += 1
        if len(self.examples) < 20:
            self.examples.append(words)


def held_of(folder: BundleFolder, station: str) -> Held | None:
    """Return the newest turns of a station as the county made them; the station's own check has let them pass."""
    row = BundleRow.objects.filter(bundle=f"duty-{station}").order_by("-version").first()
    return None if row is None else held(folder.path(bytes(row.sha256)).read_bytes(), bytes(row.sha256))


def held(payload: bytes, sha256: bytes) -> Held:
    """Return a bundle as a station keeps it."""
    bundle = decode(payload, Bundle, limit=MAX_BUNDLE_BYTES)
    gist_of(bundle)
    return Held(
        id=bundle.id,
        kind=bundle.kind,
        version=bundle.version,
        sha256=sha256,
        size=len(payload),
        not_before=bundle.not_before,
        not_after=bundle.not_after,
        via="line",
        items=0,
        bundle=bundle,
    )


class Office:
    """One village's station."""

    def __init__(
        self, folder: Path, village: Village, desired: Desired, people: dict[str, Any], at: dt.datetime, seed: int
    ) -> None:
        self.village = village
        self.people = people
        """Everybody of the villages that are reckoned together, by number."""
        self.desired = desired
        self.draw = random.Random(seed)
        folder.mkdir()
        self.system = FakeSystemClock(wall_ms=_wall_ms(at))
        self.station = Bench(folder, self.system, camera=False)
        self.station.accept(desired)
        self.begun = at
        self.closed: set[tuple[str, str, dt.datetime]] = set()
        self._next_boot = 0

    def take(self, bundle: Held) -> None:
        """Have the turns come into force."""
        self.station.bundles.take(bundle)

    def at(self, moment: dt.datetime) -> None:
        """Let it be that time. Time goes on by seconds that are cut off."""
        self.system.pass_ms(max(0, _wall_ms(moment) + 30_000 - self.system.wall))
        self.station.lifecycle.tick()
        for what, facts in self.station.recorded.order:
            if what == "commit" and isinstance(facts, list):
                for fact in facts:
                    if isinstance(fact, WindowClosed):
                        self.closed.add((fact.window, fact.date, _local(fact.closed)))
        self.station.recorded.order.clear()

    def moments(self, windows: list[dict[str, Any]], day: dt.date, count: int) -> list[dt.datetime]:
        """Return moments of a date, most of them near the edges of windows; at least `APART_MIN` apart."""
        minutes = set()
        for _ in range(count):
            window = self.draw.choice(windows)
            start, end = window["start"], window["end"]
            near = (start, end, (start + end) // 2, start % 1440, end % 1440)
            minutes.add((self.draw.choice(near) + self.draw.choice((*EDGES, self.draw.randrange(-40, 40)))) % 1440)
            minutes.add(self.draw.randrange(1440))
        chosen = self.draw.sample(sorted(minutes), min(count, len(minutes)))
        kept: list[int] = []
        for minute in sorted(chosen):
            if not kept or minute >= kept[-1] + APART_MIN:
                kept.append(minute)
        return [local(day, minute) for minute in kept]

    def number_of(self, person: int) -> str:
        """Return the number of somebody's card."""
        return next(number for number, one in self.people.items() if one.pk == person)

    def touch(self, judge: Judge, at: dt.datetime, findings: Findings, number: str = "") -> None:
        """Have somebody touch, or whoever has that number, and compare direction and 外村."""
        number, village = number or self._somebody(judge, at), self.village.region
        person = self.people[number]
        shown = self.station.touch(uid_of(number))
        wanted = judge.direction(person.pk, village.identity, at)
        away = "" if person.village_id == village.code else person.village.name
        findings.touches += 1
        findings.neighbours += bool(away)
        findings.met[f"touch {wanted}"] += 1
        if (shown.colour, shown.answer, shown.direction, shown.village) != ("green", "recorded", wanted, away):
            findings.wrong(
                f"{at} {village.code} {person.pk}: {shown.answer} {shown.direction} {shown.village!r}, "
                f"reckoned {wanted} {away!r}",
                invented=False,
            )

    def _somebody(self, judge: Judge, at: dt.datetime) -> str:
        """Return whose card is touched: mostly somebody who has a window about then."""
        village = self.village.region.identity
        due = {
            person
            for back in (0, 1)
            for person, windows in judge.due(at.date() - dt.timedelta(days=back)).items()
            if any(window["village"] == village for window in windows)
        }
        numbers = sorted(number for number, person in self.people.items() if person.pk in due)
        return self.draw.choice(numbers if numbers and self.draw.random() < 0.8 else sorted(self.people))

    def look(self, judge: Judge, at: dt.datetime, findings: Findings) -> None:
        """Compare who is on duty, and what is special about the date."""
        home = self.station.home.current()
        pks = {person.pk: person for person in self.people.values()}
        wanted = {
            (pks[row.person].name, row.window, row.leads, row.away, pks[row.instead_of].name if row.instead_of else "")
            for row in judge.running(self.village.region.identity, at)
        }
        shown = {_shown(row) for row in home.duty if row.state == "running"}
        findings.boards += 1
        findings.rows += len(wanted)
        for row in judge.running(self.village.region.identity, at):
            findings.met.update(_words(row))
        if shown != wanted:
            findings.wrong(f"{at} {self.village.region.code} board: {shown ^ wanted}", invented=False)
        stopped = {one.window for one in home.today.stopped} if home.today else set()
        reckoned = judge.stopped(self.village.region.identity, at.date())
        findings.met["stopped"] += len(reckoned)
        calendar = _calendar(judge.given["calendar"], at.date())
        by = (home.today.by, home.today.calendar) if home.today else None
        if by != ("dates", calendar) or stopped != reckoned:
            findings.wrong(
                f"{at} {self.village.region.code} today: {home.today}, reckoned {calendar} {reckoned}", invented=False
            )

    def ended(self, closings: set[tuple[str, str, dt.datetime]], findings: Findings) -> None:
        """Compare which windows the station stated as closed."""
        findings.closings += len(closings)
        for one in sorted(self.closed ^ closings):
            findings.wrong(f"{self.village.region.code} closed {one}: {one in self.closed}", invented=False)

    def by_week(self, at: dt.datetime, findings: Findings) -> None:
        """Without dated turns for the date: nothing but what the week says, and the screen says so."""
        self.at(at)
        home = self.station.home.current()
        if home.today is None or home.today.by != "week" or home.today.calendar or home.today.stopped:
            findings.wrong(f"{at} without turns: {home.today}", invented=True)
        for row in home.duty:
            if row.leads or row.away or row.instead_of:
                findings.wrong(f"{at} without turns on the board: {row}", invented=True)
        number = self.draw.choice(sorted(self.people))
        shown = self.station.touch(uid_of(number))
        wanted = by_week([_plain(one) for one in self.desired.windows], number, at)
        findings.met["by week"] += 1
        if shown.direction != wanted:
            findings.wrong(f"{at} by the week: {shown.direction}, reckoned {wanted}", invented=True)

    def without_time(self, at: dt.datetime, findings: Findings) -> None:
        """After a power cut without the time: no date, no board, no direction."""
        self._next_boot += 1
        held = list(self.station.bundles._held.values())
        self.system.reboot(b"boot %011d" % self._next_boot)
        self.system.wall = _wall_ms(at)
        self.station.outbox.close()
        self.station = Bench(self.station.folder, self.system, trusted=False, camera=False)
        for one in held:
            self.station.bundles.take(one)
        home = self.station.home.current()
        shown = self.station.touch(uid_of(self.draw.choice(sorted(self.people))))
        findings.met["no time"] += 1
        if home.duty or home.today is not None or shown.direction is not None:
            findings.wrong(f"{at} without the time: {home.duty} {home.today} {shown.direction}", invented=True)


def _shown(row: DutyRow) -> tuple[str, str, bool, str, str]:
    return row.name, row.window, row.leads, row.away, row.instead_of


def _words(row: Row) -> list[str]:
    return [
        "on duty",
        *(["leads"] if row.leads else []),
        *([row.away] if row.away else []),
        *(["swap"] if row.instead_of else []),
    ]


def _calendar(working: dict[dt.date, bool], day: dt.date) -> str:
    weekday = day.isoweekday() < 6
    if working[day]:
        return "" if weekday else "swapped"
    return "off" if weekday else ""


def _plain(window: Any) -> dict[str, Any]:
    return {
        "weekdays": window.weekdays,
        "people": window.people,
        "start": window.start,
        "end": window.end,
        "first": _local(window.since).date() if window.since else None,
        "until": _local(window.until).date() if window.until else None,
    }


def _wall_ms(at: dt.datetime) -> int:
    return round((at - _OFFSET - _EPOCH).total_seconds() * 1000)


def _local(wall_ms: int) -> dt.datetime:
    return _EPOCH + _OFFSET + dt.timedelta(milliseconds=wall_ms)
