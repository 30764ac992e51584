"""One village of three stations on its way from a release to the next, back and forth, and what an outsider finds."""

import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.lamp_log import Light
from firmware_scripts.demo.observer import StoredTouch, lit_facts, reckon, whole_pictures
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.report import Value
from tests.backups import dump
from tests.proofs.upgrade.county_change import restore_dump, start_with_kills
from tests.proofs.upgrade.million import seed_facts
from tests.proofs.upgrade.releases import Release
from tests.proofs.upgrade.traveller import Traveller

DRAINED_S = 300.0
LIGHT_S = 60.0


class Journey:
    """Begins where `before` ended: a county and its stations lie on the disk, half of the touches not sent."""

    def __init__(self, folder: Path, cast: list[CastStation], *, old: Release, new: Release, seed: int) -> None:
        self._folder = folder
        self._old, self._new = old, new
        self._seed = seed
        self._chance = random.Random(seed)
        self._presenter = Presenter()
        counted = json.loads((folder / "presented.json").read_text(encoding="utf-8"))
        self._presenter.presented = Counter({tuple(key.split("/")): count for key, count in counted.items()})
        self._county = DemoCounty(folder / "county", code=old.root)
        stations = [DemoStation(one, folder=folder / "stations" / one.id, readers=["simulated"]) for one in cast]
        self._travellers = [
            Traveller(station, old, self._presenter, seed=self._chance.randrange(2**31)) for station in stations
        ]
        self._found: dict[str, Value] = {"dark": 0}

    def go(self, *, runs: int, facts: int, restores: bool) -> dict[str, Value]:
        """Upgrade the county under load, send stations back and forth ``runs`` times, and reckon."""
        try:
            self._county.start()
            for traveller in self._travellers:
                traveller.open()
            self._upgrade_county(facts=facts)
            for _ in range(runs):
                self._run()
            for traveller in self._travellers:
                if traveller.release is not self._new:
                    traveller.travel(self._new)
            if restores:
                self._restore()
            return self._reckon()
        finally:
            for traveller in self._travellers:
                traveller.close()
            self._county.stop()

    def _upgrade_county(self, *, facts: int) -> None:
        held = seed_facts(self._county.home, facts=facts)
        dump(self._county.home, self._folder / "before.dump")
        self._county.stop()
        self._county = DemoCounty(self._county.home, code=self._new.root)
        # Without kills where the time of the migration is asked for: a part of it would be done before the last start.
        kills = 0 if facts else self._chance.randint(1, 2)
        began = time.time()
        ready_s = start_with_kills(self._county, kills=kills, seed=self._chance.randrange(2**31))
        up = time.monotonic()
        migrated = self._county.sql("select extract(epoch from max(applied)) from django_migrations")
        before = len(self._rows())
        self._wait(lambda: len(self._rows()) > before, what="the first touch after the upgrade", timeout_s=LIGHT_S)
        self._found |= {
            "facts_before": held,
            "county_ready_s": round(ready_s, 1),
            "migrated_s": round(float(migrated[0][0]) - began, 1),
            "first_touch_s": round(time.monotonic() - up, 1),
        }

    def _run(self) -> None:
        """Send one station to the other release; half of the returns wait for a light, the others go on at once."""
        traveller = self._chance.choice(self._travellers)
        traveller.travel(self._old if traveller.release is self._new else self._new)
        if self._chance.random() < 0.5 and not traveller.lights_one(timeout_s=LIGHT_S):
            self._found["dark"] = int(str(self._found["dark"])) + 1

    def _restore(self) -> None:
        """Take the county back to the dump of the release before, and let it make good what it lost."""
        self._county.stop()
        restore_dump(self._county, self._new, self._folder / "before.dump")
        self._county.start(timeout_s=DRAINED_S)
        self._county.tool("restored")

    def _reckon(self) -> dict[str, Value]:
        stations = [traveller.station for traveller in self._travellers]
        for traveller in self._travellers:
            traveller.rest()
        lit = {(station.cast.id, fact) for station in stations for fact in lit_facts(station.lights())}
        drained = self._wait(
            lambda: lit <= {(row.station, row.fact) for row in self._rows()} and not self._pictures_on_the_way(),
            what="everything",
            timeout_s=DRAINED_S,
        )
        rows = self._rows()
        lights = {station.cast.id: station.lights() for station in stations}
        sums = reckon(presented=self._presenter.presented, lights=lights, rows=rows)
        self._name_doubled(rows, lights)
        return {
            **self._found,
            "touches": sum(self._presenter.presented.values()),
            "green": sums.green,
            "stored": sums.stored,
            "kills": sum(traveller.kills for traveller in self._travellers),
            "lost": sums.lost,
            "doubled": sums.doubled,
            "invented": sums.invented,
            "reissued": self._reissued(),
            "salvaged": len(list((self._folder / "stations").rglob("*.bad-*"))),
            "refused_to_start": sum(traveller.refused for traveller in self._travellers),
            "pictures": whole_pictures(self._county),
            "pictures_lost": self._pictures_on_the_way(),
            "unexplained": self._county.unexplained(),
            "not_drained": int(not drained),
        }

    def _name_doubled(self, rows: list[StoredTouch], lights: dict[str, list[Light]]) -> None:
        """Say which touches count as doubled: more than were presented, one moment twice, or one fact lit twice."""
        people = Counter((row.station, row.person) for row in rows)
        moments = Counter((row.station, row.person, row.moment) for row in rows)
        lit = Counter((station, fact) for station, seen in lights.items() for fact in lit_facts(seen))
        presented = self._presenter.presented
        doubled: dict[str, list[object]] = {
            "stored more often than presented": [key for key, count in people.items() if count > presented[key]],
            "stored twice for one moment": [key for key, count in moments.items() if count > 1],
            "lit twice": [key for key, count in lit.items() if count > 1],
        }
        for what, keys in doubled.items():
            if keys:
                print(f"{what}: {keys}", file=sys.stderr)

    def _pictures_on_the_way(self) -> int:
        """Return how many announced pictures are neither whole in the county nor given up by their station."""
        open_ones = "announced_at is not null and completed_at is null and evicted_reason = ''"
        return int(self._county.sql(f"select count(*) from media_blob where {open_ones}")[0][0])

    def _reissued(self) -> int:
        """Return how many facts came again in a new stream, and how many streams began beyond the first of each."""
        again = "select count(*) from ingest_reissue"
        opened = f"select count(*) - count(distinct station_id) from fleet_stream where station_id in ({self._names()})"
        return int(self._county.sql(again)[0][0]) + int(self._county.sql(opened)[0][0])

    def _rows(self) -> list[StoredTouch]:
        """Return the touches of these stations; a county may have a million of others."""
        query = f"""
            select t.station_id, encode(t.epoch, 'hex') || '/' || t.seq, coalesce(p.number, '?'),
                   encode(t.boot, 'hex') || '/' || t.mono_ms
            from attendance_touch t left join people_card c on c.token = t.card_token
            left join people_person p on p.id = c.person_id where t.station_id in ({self._names()})"""
        return [StoredTouch(*columns) for columns in self._county.sql(query)]

    def _names(self) -> str:
        return ", ".join(f"'{traveller.station.cast.id}'" for traveller in self._travellers)

    def _wait(self, condition: object, *, what: str, timeout_s: float) -> bool:
        assert callable(condition)
        try:
            wait_until(condition, what=what, timeout_s=timeout_s, every_s=1.0)
        except NotInTime as error:
            print(error, file=sys.stderr)
            return False
        return True
