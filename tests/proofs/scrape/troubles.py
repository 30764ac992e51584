"""What is planted, which alert each must raise, and how it is put right again."""

import contextlib
import datetime as dt
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from server_broker.platform.county_clock import LinuxMachineClock
from server_broker.platform.home import CountyHome
from server_broker.trust import county_keys
from tests.proofs.scrape.county import DARK, TOWNSHIPS, make_well, note_backups, rewrite, station_ids
from tests.proofs.strangers.county import County
from tests.proofs.strangers.speaking import Speaker
from tests.proofs.strangers.station import Board

DISK_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Trouble:
    """One trouble. ``plants`` is a context: at its end the trouble is over.

    Attributes:
        alert: Its name in the rules.
        labels: What the alert must say of where it is.
    """

    name: str
    alert: str
    labels: dict[str, str]
    plants: Callable[[], AbstractContextManager[None]]

    def is_it(self, alert: dict[str, str]) -> bool:
        """Return whether an alert with these labels is the one that this trouble must raise."""
        return alert["alertname"] == self.alert and self.labels.items() <= alert.items()


def all_troubles(county: County, board: Board) -> list[Trouble]:
    """Return all of them, each with a station of its own."""
    stations = iter([station for township in TOWNSHIPS if township != DARK for station in station_ids(township)])

    def of_station(name: str, alert: str, change: str) -> Trouble:
        station = next(stations)
        return Trouble(name, alert, {"station": station}, lambda: _said(county, station, change))

    def of_part(part: str, alert: str, labels: dict[str, str]) -> Trouble:
        return Trouble(f"{part} stopped", alert, labels, lambda: _stopped(county, part))

    unvouched = Trouble("clock unvouched", "CunhuiClockUnvouched", {}, lambda: _unvouched(county))
    held, ending, waiting = next(stations), next(stations), next(stations)
    return [
        of_station("station silent", "CunhuiStationSilent", "online = false"),
        of_station("reader gone", "CunhuiStationReaderGone", "reader_ready = false"),
        of_station("undervoltage", "CunhuiStationUndervoltage", _health("undervoltage", '"now"')),
        of_station("card worn", "CunhuiStationCardWorn", _health("card_worn_percent", "100")),
        of_station("too hot", "CunhuiStationHot", _health("temperature_c", "85")),
        of_station("disk of a station full", "CunhuiStationDiskShort", "disk_free_kib = 1000"),
        of_station("clock of a station unknown", "CunhuiStationClockUnknown", "clock_quality = 'unknown'"),
        Trouble("facts wait", "CunhuiStationFactsWaiting", {"station": waiting},
                lambda: _said(county, waiting, "waiting = 9")),
        Trouble("held facts", "CunhuiStationHeld", {"station": held}, lambda: _held(county, held)),
        Trouble("certificate of a station near its end", "CunhuiStationCertificateEnding", {"station": ending},
                lambda: _ending(county, ending)),
        Trouble("a township without power", "CunhuiTownshipDark", {"township": f"{DARK}000"}, lambda: _dark(county)),
        Trouble("a message in quarantine", "CunhuiQuarantine", {}, lambda: _quarantined(county, board)),
        Trouble("facts unexplained", "CunhuiFactsUnexplained", {}, lambda: _alarm(county, "unexplained_facts")),
        Trouble("certificate near its end", "CunhuiCertificateEnding", {"certificate": "web"},
                lambda: _certificate(county)),
        Trouble("backup overdue", "CunhuiBackupOverdue", {}, lambda: _backups(county, copied_days_ago=2)),
        Trouble("backup unproven", "CunhuiBackupUnproven", {}, lambda: _backups(county, proven_days_ago=12)),
        Trouble("disk full", "CunhuiDiskShort", {"place": "media"}, lambda: _full_disk(county)),
        *([] if clock_is_set() else [unvouched]),
        of_part("ingest", "CunhuiPartDown", {"part": "ingest"}),
        of_part("chores", "CunhuiPartDown", {"part": "chores"}),
        of_part("notifier", "CunhuiPartDown", {"part": "notifier"}),
        of_part("mosquitto", "CunhuiBrokerDown", {}),
        of_part("postgres", "CunhuiDown", {}),
    ]  # fmt: skip


def _health(field: str, value: str) -> str:
    return f"health = jsonb_set(health, '{{machine,{field}}}', '{value}')"


@contextmanager
def _said(county: County, station: str, change: str) -> Iterator[None]:
    county.sql(f"UPDATE fleet_stationstatus SET {change} WHERE station_id = '{station}'")
    yield
    make_well(county, station)


@contextmanager
def _held(county: County, station: str) -> Iterator[None]:
    # One fact that the station has signed for and that came, so that the patrol of the ledgers finds nothing missing.
    county.sql(
        f"UPDATE fleet_stream SET through = 1, issued = 1 WHERE station_id = '{station}';"
        "INSERT INTO ingest_fact (stream_id, seq, digest, head, kind, received_at, held_reason)"
        f" SELECT id, 1, sha256('any'), head, 'touch', now(), 'unreadable' FROM fleet_stream"
        f" WHERE station_id = '{station}'"
    )
    yield
    county.sql("UPDATE ingest_fact SET held_reason = ''")


@contextmanager
def _ending(county: County, station: str) -> Iterator[None]:
    where = f"WHERE station_id = '{station}'"
    county.sql(f"UPDATE enrolment_stationcertificate SET not_after = now() + interval '9 days' {where}")
    yield
    county.sql(f"UPDATE enrolment_stationcertificate SET not_after = now() + interval '80 days' {where}")


@contextmanager
def _dark(county: County) -> Iterator[None]:
    stations = station_ids(DARK)
    county.sql(
        "UPDATE fleet_stationstatus SET online = false WHERE station_id IN "
        f"({', '.join(repr(station) for station in stations)})"
    )
    yield
    make_well(county, *stations)


@contextmanager
def _quarantined(county: County, board: Board) -> Iterator[None]:
    with Speaker(board) as speaker:
        assert speaker.is_welcomed()
        speaker.say("facts", b"no message")
        make_well(county, board.station)
        yield
    make_well(county, board.station)


@contextmanager
def _alarm(county: County, code: str) -> Iterator[None]:
    county.sql(
        "INSERT INTO fleet_alarm (origin, code, severity, detail, opened_at, last_at, count, resolved_because)"
        f" VALUES ('county', '{code}', 'critical', '', now(), now(), 1, '')"
    )
    yield
    county.sql(f"UPDATE fleet_alarm SET resolved_at = now() WHERE code = '{code}'")


@contextmanager
def _certificate(county: County) -> Iterator[None]:
    """Put one in the place of the web's own that ends soon. The web goes on with the one that it has loaded."""
    file = county.home / "trust" / "web.pem"
    before = file.read_bytes()
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    authority, early = county_keys(CountyHome(county.home)).authority, dt.datetime.now(dt.UTC) - dt.timedelta(days=80)
    file.write_text(authority.issue_station("web", key, now=early).pem)
    yield
    file.write_bytes(before)


@contextmanager
def _backups(county: County, **ago: float) -> Iterator[None]:
    note_backups(county.home, **ago)
    yield
    note_backups(county.home)


@contextmanager
def _full_disk(county: County) -> Iterator[None]:
    """Give the pictures a small disk of their own, and fill it."""
    media = county.home / "media"
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", media], check=True)
    try:
        with contextlib.suppress(OSError), Path(media, "filling").open("wb", buffering=0) as filling:
            while filling.write(bytes(2**20)):
                pass
        yield
    finally:
        subprocess.run(["umount", "--lazy", media], check=True)


def clock_is_set() -> bool:
    """Return whether a time service sets this machine's clock: then no county here is without one."""
    return LinuxMachineClock().synchronised()


@contextmanager
def _unvouched(county: County) -> Iterator[None]:
    """Say that a time service vouches for the machine's clock. Here none does."""
    config = county.home / "county.toml"
    rewrite(config, 'clock = "manual"', 'clock = "ntp"')
    yield
    rewrite(config, 'clock = "ntp"', 'clock = "manual"')


@contextmanager
def _stopped(county: County, part: str) -> Iterator[None]:
    county.tool("hold", part)
    yield
    county.tool("release", part)
