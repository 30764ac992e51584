"""What was true at the end of a run, seen from outside the product, and what of it is wrong."""

import json
import subprocess
from copy import replace
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509

from tests.proofs.strangers.county import County


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How the county treats a board that is out. Each True is wrong.

    Attributes:
        session: The session that it had open is still up.
        connection: It may connect anew.
        ticket: It may go on by the TLS ticket of its earlier session.
        renewal: It gets a new certificate.
        will: The broker published its will, although the station is revoked.
    """

    session: bool
    connection: bool
    ticket: bool
    renewal: bool
    will: bool = False

    def named(self) -> list[str]:
        """Return the names of what is wrong."""
        return [name for name in ("session", "connection", "ticket", "renewal", "will") if getattr(self, name)]


type Database = dict[str, tuple[bool, str]]
"""Whether each station is revoked, and its record key in hex."""


@dataclass(frozen=True)
class Record:
    """What the county's files say now, and its database if that was asked."""

    journal: list[dict[str, Any]]
    listed: set[str]
    revoked_serials: set[str]
    database: Database = field(default_factory=dict)

    def is_revoked(self, station: str) -> bool:
        """Return whether the journal has the station's revocation."""
        return any(line["event"] == "revoked" and line["station"] == station for line in self.journal)

    def board_of(self, station: str) -> str:
        """Return the record key of the board that was last enrolled as the station, by the journal."""
        taken_in = [line for line in self.journal if line["event"] == "enrolled" and line["station"] == station]
        return str(taken_in[-1]["record_key"]) if taken_in else ""

    def serials(self, record_key: str) -> set[str]:
        """Return all certificates of a board that the journal has."""
        return {line["serial"] for line in self.journal if line.get("record_key") == record_key}

    def out_of_step(self, station: str, record_key: str) -> list[str]:
        """Name everything that does not follow from the journal, for a station and the board that is out."""
        revoked = self.is_revoked(station)
        wrong = []
        if (station in self.listed) == revoked:
            wrong.append("list of stations")
        if not self.serials(record_key) <= self.revoked_serials:
            wrong.append("revocation list")
        if self.database.get(station) != (revoked, self.board_of(station)):
            wrong.append("database")
        return wrong


def read_files(county: County) -> Record:
    """Read journal and lists with this proof's own code."""
    trust, broker = county.home / "trust", county.home / "broker"
    lines = (trust / "stations.jsonl").read_bytes().split(b"\n")
    stations = (broker / "stations.list").read_text("ascii").splitlines()
    crl = x509.load_pem_x509_crl((broker / "stations.crl").read_bytes())
    return Record(
        journal=[json.loads(line) for line in lines if line],
        listed={line.split()[0] for line in stations if not line.startswith("#")},
        revoked_serials={f"{one.serial_number:x}" for one in crl},
    )


def read_database(county: County) -> Database:
    """Return what the database says; nothing while it takes no connections, as on a full disk and for a while after."""
    try:
        rows = county.rows("SELECT id, revoked_at IS NOT NULL, encode(record_key, 'hex') FROM fleet_station")
    except subprocess.CalledProcessError:
        return {}
    return {station: (revoked == "t", key) for station, revoked, key in rows}


def read_all(county: County) -> Record:
    """Read files and database."""
    return replace(read_files(county), database=read_database(county))


@dataclass
class Found:
    """The findings of all runs together."""

    admitted: list[str] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    said_wrongly: list[str] = field(default_factory=list)

    def seen(self, run: str, seen: Seen) -> None:
        """Note how the county treats boards that are out, after 5 s."""
        self.admitted += [f"{run}: {name}" for name in seen.named()]

    def step(self, run: str, out_of_step: list[str]) -> None:
        """Note what the chores have not finished in their time."""
        self.unfinished += [f"{run}: {name}" for name in out_of_step]

    def said(self, run: str, wrong: list[str]) -> None:
        """Note claims to the caller that were false."""
        self.said_wrongly += [f"{run}: {what}" for what in wrong]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is in force at the moment when the caller is told. The database is left out, because it may take no
    connections then."""

    in_journal: bool
    lists_written: bool
    connects: bool
    session: bool


def wrongly_said(said: dict[str, Any], truth: Truth) -> list[str]:
    """Return which claims of a revocation's answer are false.

    The answer may claim less than is in force, because the chores may have done the rest by now. Only the journal's
    line can be written by nobody else, unless the database has the revocation, from which the chores write it.
    """
    if "error" in said:
        return ["nothing done, and it is in the journal"] if truth.in_journal else []
    so = {
        "in_journal": truth.in_journal,
        "lists_written": truth.lists_written,
        "in_force": not truth.connects,
        "session_ended": not truth.session,
        "complete": truth.in_journal and not truth.connects and not truth.session,
    }
    wrong = [name for name, is_so in so.items() if said[name] and not is_so]
    if not said["in_journal"] and not said["in_database"] and truth.in_journal:
        wrong.append("not in the journal")
    if said["sentence"].endswith("已断开") and (truth.connects or truth.session):
        wrong.append("已断开")
    return wrong
