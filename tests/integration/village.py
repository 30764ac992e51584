"""A real county and three real stations, and what somebody outside sees of them."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import CastPerson, make_cast
from firmware_scripts.demo.lamp_log import Light
from firmware_scripts.demo.observer import StoredTouch, lit_facts, touch_rows
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from tests.integration.small_disk import SmallDisk

_PEOPLE = 400
_LIGHT_S = 10.0

type Lit = tuple[str, str]
"""Station and ``EPOCHHEX/SEQ``."""


class Village:
    """The county and its stations. Boards that a test adds count like the others."""

    def __init__(self, folder: Path, *, county_disk: SmallDisk, media_disk: SmallDisk, card: SmallDisk) -> None:
        """``card`` is the third station's."""
        self.folder = folder
        self.county_disk = county_disk
        self.media_disk = media_disk
        self.card = card
        self.bench = Bench(folder, make_cast(people_per_station=_PEOPLE, seed=20261124), pcsc=False)
        self.county = self.bench.county
        self.stations = self.bench.stations
        third = self.stations[2]
        self.stations[2] = DemoStation(third.cast, folder=third.folder, readers=["simulated"], sd_card=card.path)
        self.boards = list(self.stations)
        self._presenter = Presenter()
        self._seen: Counter[tuple[str, str]] = Counter()
        """How often each (station, person) was shown a light that vouches for a fact."""
        self._queues = {station.cast.id: cycle(station.cast.people) for station in self.stations}

    def next_person(self, station: DemoStation) -> CastPerson:
        """Return whose turn it is, counted as presented."""
        person = next(self._queues[station.cast.id])
        self._presenter.presented[station.cast.id, person.number] += 1
        return person

    def touch(self, station: DemoStation, *, times: int = 1) -> list[Light]:
        """Present cards one after the other, wait for the light of each, and return the lights."""
        before = len(station.lights())
        for number in range(1, times + 1):
            person = next(self._queues[station.cast.id])
            self._presenter.simulated(station, person)
            wait_until(lambda: len(station.lights()) >= before + number, what="a light", timeout_s=_LIGHT_S)  # noqa: B023
            self._seen[station.cast.id, person.number] += station.lights()[before + number - 1].fact != ""
        return station.lights()[before:]

    def last_words(self) -> str:
        """Return the end of each station's log and of the county's audit log, for a test that waited in vain."""
        ends = [f"{one.cast.id}:\n{_tail(one.folder / 'agent.log')}" for one in self.stations]
        deeds = self.county.sql("select at, action, subject from audit_auditentry order by id desc limit 20")
        return "\n".join([*ends, *(" ".join(deed) for deed in deeds)])

    def lit(self) -> set[Lit]:
        """Return every fact that a lamp vouched for."""
        return {(board.cast.id, fact) for board in self.boards for fact in lit_facts(board.lights())}

    def stored(self) -> set[Lit]:
        """Return every touch that the database holds."""
        return {(row.station, row.fact) for row in touch_rows(self.county)}

    def stated_lost(self) -> set[Lit]:
        """Return the identities that stations have stated as lost."""
        rows = self.county.sql(
            """select station_id, detail->>'epoch',
                generate_series((detail->>'first')::bigint, (detail->>'last')::bigint)
            from fleet_stationevent where kind = 'facts_lost'
                and (detail->>'last')::bigint - (detail->>'first')::bigint < 10000"""
        )
        return {(station, f"{epoch}/{seq}") for station, epoch, seq in rows}

    def await_all_stored(self, *, timeout_s: float = 45) -> None:
        """Wait until the county has every touch that a lamp vouched for, but for those stated as lost."""
        wait_until(lambda: not self.missing(), what="the county to have everything", timeout_s=timeout_s, every_s=0.3)

    def missing(self) -> list[str]:
        """Return the touches that a lamp showed as recorded, that no station has stated as lost, and that the county
        lacks."""
        rows, excused = touch_rows(self.county), self.stated_lost()
        stored = {(row.station, row.fact) for row in rows}
        by_name = [fact for fact in self.lit() - stored - excused if fact[0] not in self._cloned()]
        return [f"{station} {fact}" for station, fact in by_name] + self._missing_by_person(rows)

    def _cloned(self) -> set[str]:
        """Return the stations that have two boards: two different touches may have the same identity there."""
        boards = Counter(board.cast.id for board in self.boards)
        return {station for station, count in boards.items() if count > 1}

    def _missing_by_person(self, rows: list[StoredTouch]) -> list[str]:
        had = Counter((row.station, row.person) for row in rows)
        lost = Counter(station for station, _ in self.lit() & self.stated_lost())
        lacking = Counter[str]()
        for (station, person), seen in self._seen.items():
            lacking[station] += max(0, seen - had[station, person])
        return [f"a touch of {station}" for station in lacking for _ in range(lacking[station] - lost[station])]

    def invented_or_doubled(self) -> list[StoredTouch]:
        """Return touches in the county that nobody made, or that are there more than once."""
        presented = self._presenter.presented
        moments: set[tuple[str, str, str]] = set()
        count: Counter[tuple[str, str]] = Counter()
        wrong = []
        for row in touch_rows(self.county):
            count[row.station, row.person] += 1
            moment = (row.station, row.person, row.moment)
            if moment in moments or count[row.station, row.person] > presented[row.station, row.person]:
                wrong.append(row)
            moments.add(moment)
        return wrong

    def waiting(self, station: DemoStation) -> int:
        """Return how many facts have no receipt yet, as the station's own vitals say."""
        rows = self.county.sql(f"select waiting from fleet_stationstatus where station_id = '{station.cast.id}'")
        return int(rows[0][0])

    def ledger(self, station: DemoStation) -> dict[str, int]:
        """Return the station's loss ledger."""
        ledgers: dict[str, dict[str, int]] = json.loads(self.county.tool("ledger", station.cast.id, "--json"))
        return ledgers[station.cast.id]

    def open_alarms(self, station: DemoStation | None = None) -> set[str]:
        """Return the codes of the open alarms of a station, or of the county itself."""
        whose = f"station_id = '{station.cast.id}'" if station else "station_id is null"
        rows = self.county.sql(f"select code from fleet_alarm where resolved_at is null and {whose}")
        return {code for (code,) in rows}

    def doctor(self) -> dict[str, dict[str, Any]]:
        """Return the doctor's findings by part."""
        found = json.loads(self.county.try_tool("doctor", "--json").stdout)
        return {one["part"]: one for one in found["findings"]}

    @contextmanager
    def held(self, part: str) -> Iterator[None]:
        """Keep a part of the county down while the context lasts."""
        self.county.tool("hold", part)
        try:
            yield
        finally:
            self.county.tool("release", part)
            wait_until(lambda: self.county.part_pid(part) != 0, what=part, timeout_s=20)


def start_agent(station: DemoStation) -> None:
    """Start a station's agent that was stopped, and wait until it takes touches."""
    station.kiosk_socket.unlink(missing_ok=True)
    station.agent.start()
    wait_until(station.kiosk_socket.exists, what=f"the agent of {station.cast.id}", timeout_s=20)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
