"""A simulated week of a station of one version with a county of the other, with kills at both ends.

Every day the station states facts of all kinds of its version, and talks to its county over a line that breaks. Station
and county are killed (SIGKILL) in the middle of it, and start again on what is on their disks. What the station had on
disk is noted as it says so; what the county has is read from its tables by SQL."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.signing import key_id
from tests.proofs.contract.versions import NEW, End

ROUNDS_A_DAY = 6
SECRET = bytes(range(32, 64))


@dataclass
class Found:
    """What the outsider counted."""

    facts: int = 0
    sent_of_later_kinds: int = 0
    held: int = 0
    """In the county before its upgrade."""
    held_wrongly: int = 0
    """Facts that the county's version knows, and yet did not read."""
    read_wrongly: int = 0
    """Facts of a later version that were not held, although the county could not know them."""
    held_and_reread: int = 0
    still_held: int = 0
    lost: int = 0
    doubled: int = 0
    rows_missing: int = 0
    """Facts that are read, and yet have no row in any table."""
    kills: int = 0
    examples: list[str] = field(default_factory=list)


class Week:
    """One station, one county, and what the outsider noted."""

    def __init__(self, folder: Path, *, station: Path, county: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self._seed = seed
        self._home = folder / "county"
        self._home.mkdir(parents=True)
        folder.chmod(0o755)
        self._home.chmod(0o755)
        self._card = folder / "card"
        self._station_code, self._county_code = station, county
        self._noted: dict[tuple[str, int], tuple[str, str]] = {}
        """By epoch and seq: the name of the sample, and the kind."""
        self._starts = 0
        self.found = Found()
        self._county = self._start_county()
        self._station = self._start_station()
        self._kill_at = 0
        self._heard = 0

    def _start_county(self) -> End:
        county = End(self._county_code, "county_end", str(self._home), SECRET.hex())
        county.hear()
        return county

    def _start_station(self) -> End:
        self._starts += 1
        station = End(self._station_code, "station_end", str(self._card), f"{self._seed} {self._starts}")
        public = Ed25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()
        station.say([key_id(public), public])
        return station

    def live(self, *, days: int, facts_a_round: int, kills: int) -> None:
        """Live through some days; each kill strikes at a random message of a random round."""
        rounds = [(day, number) for day in range(days) for number in range(ROUNDS_A_DAY)]
        struck = self._chance.sample(rounds, k=kills)
        for day, number in rounds:
            self._note(self._ask(["state", day, facts_a_round]))
            self._kill_at = self._chance.randint(1, 4) if (day, number) in struck else 0
            self._heard = 0
            self._ask(["say_vitals"])
            self._ask(["connect", False])
        self._kill_at = 0
        self._ask(["connect", True])

    def _note(self, stated: list[Any]) -> None:
        for epoch, seq, name, kind in stated:
            self._noted[epoch, seq] = (name, kind)

    def _ask(self, asked: list[Any]) -> Any:
        """Have the station do something, and be the line to its county meanwhile."""
        self._station.say(asked)
        while True:
            said = self._station.hear()
            if said[0] == "done":
                return said[1]
            answers = self._carry(said[1:])
            if answers is None:
                return []
            self._station.say(answers)

    def _carry(self, publish: list[Any]) -> list[Any] | None:
        """Bring one publish to the county. None: the station was killed while it waited for the answer."""
        self._heard += 1
        if self._heard != self._kill_at:
            return list(self._county.ask("hear", *publish))
        self.found.kills += 1
        match self._chance.randrange(3):
            case 0:
                # Nobody hears it.
                self._county.kill()
                self._county = self._start_county()
                return []
            case 1:
                # It is being stored, or has just been.
                self._county.say(["hear", *publish])
                self._county.kill()
                self._county = self._start_county()
                return []
            case _:
                self._county.ask("hear", *publish)
                self._station.kill()
                self._station = self._start_station()
                return None

    def upgrade_county(self) -> None:
        """Start this version's county on the earlier one's database, and have it read again what is held."""
        self._county.stop()
        self._county_code = NEW
        self._county = self._start_county()
        self.found.held_and_reread = int(self._county.ask("reread"))
        self._ask(["connect", True])

    def judge(self, *, upgraded: bool, later_expected: bool) -> None:
        """Compare what the station had on disk with what the county has in its tables."""
        rows = self._rows(
            """SELECT encode(s.epoch, 'hex'), f.seq, f.kind, f.held_reason
            FROM ingest_fact f JOIN fleet_stream s ON s.id = f.stream_id"""
        )
        here = Counter((epoch, seq) for epoch, seq, _, _ in rows)
        held = {(epoch, seq): reason for epoch, seq, _, reason in rows if reason}
        later = {at for at, (name, _) in self._noted.items() if name.startswith("later ")}
        self.found.facts = len(self._noted)
        self.found.lost = len(self._noted.keys() - here.keys())
        self.found.doubled = sum(count - 1 for count in here.values())
        if upgraded:
            self.found.still_held = len(held)
        else:
            self.found.sent_of_later_kinds = len(later)
            self.found.held = len(held)
            self.found.held_wrongly = len(held.keys() - (later if later_expected else set()))
            self.found.read_wrongly = len(later - held.keys()) if later_expected else 0
        self.found.examples += [f"held {self._noted.get(at)}: {held[at]}" for at in [*(held.keys() - later)][:5]]
        if upgraded or not later_expected:
            self._judge_rows(self._noted.keys() - held.keys())

    def _judge_rows(self, read: set[tuple[str, int]]) -> None:
        """Each fact that is read has a row: its own, a station's event, or for a file the blob that it names."""
        tables = ("attendance_touch", "fleet_stationevent", "learning_attempt", "learning_levelrun")
        rows: set[tuple[str, int]] = set()
        for table in tables:
            here = Counter((epoch, seq) for epoch, seq in self._rows(f"SELECT encode(epoch, 'hex'), seq FROM {table}"))
            rows |= here.keys()
            self.found.doubled += sum(count - 1 for count in here.values())
        of_files = {at for at, (_, kind) in self._noted.items() if kind == "blob_announced"}
        missing = read - rows - of_files
        self.found.rows_missing = len(missing)
        self.found.examples += [f"no row: {self._noted[at]}" for at in list(missing)[:5]]

    def _rows(self, statement: str) -> list[Any]:
        host = str(self._county.ask("socket"))
        with psycopg.connect(host=host, dbname="cunhui", user="postgres", autocommit=True) as link:
            return link.execute(statement).fetchall()

    def end(self) -> None:
        """Stop both, and delete the cluster."""
        self._station.stop()
        self._county.ask("destroy")
        self._county.stop()


def old_station_new_county(folder: Path, old: Path, *, seed: int, days: int, facts_a_round: int, kills: int) -> Found:
    """A station that was not upgraded yet, with a county that was."""
    week = Week(folder, station=old, county=NEW, seed=seed)
    try:
        week.live(days=days, facts_a_round=facts_a_round, kills=kills)
        week.judge(upgraded=False, later_expected=False)
    finally:
        week.end()
    return week.found


def new_station_old_county(folder: Path, old: Path, *, seed: int, days: int, facts_a_round: int, kills: int) -> Found:
    """A station of this version with a county of 1.0, which is upgraded at the end of the week."""
    week = Week(folder, station=NEW, county=old, seed=seed)
    try:
        week.live(days=days, facts_a_round=facts_a_round, kills=kills)
        week.judge(upgraded=False, later_expected=True)
        week.upgrade_county()
        week.judge(upgraded=True, later_expected=True)
    finally:
        week.end()
    return week.found
