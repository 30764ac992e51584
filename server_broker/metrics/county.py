"""The county's own metrics: its parts, what it has taken in, its certificates, its clock and its disks."""

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import cache
from importlib.metadata import version
from typing import get_args

from cryptography import x509
from django.db import connection
from django.db.models import Count, Max, Q
from django.db.models.functions import Coalesce

from protocol.facts import Severity
from server_broker import broker
from server_broker.backup.state import backup_status
from server_broker.commands.models import StationOrder
from server_broker.fleet.alarm_codes import COUNTY_ALARMS, OWN_ALARMS
from server_broker.fleet.models import ShelfDue, Station
from server_broker.ingest.models import Quarantined
from server_broker.metrics import families
from server_broker.metrics.families import Family, OpenAlarm, Sample
from server_broker.metrics.listeners import established
from server_broker.platform.configured_clock import configured_clock
from server_broker.platform.control import pid_file
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import running_pid
from server_broker.platform.units import part_names

OTHER_CODE = "other"
"""In place of a code that no list of ours has: a station may raise alarms under codes of its own choice."""
_CODES: dict[str, frozenset[str]] = {"county": COUNTY_ALARMS, "station": OWN_ALARMS}


def machine_families(home: CountyHome) -> Iterator[Family]:
    """Yield what needs no database: parts, broker, certificates, clock, disks."""
    config = read_config(home)
    yield families.BUILD.family([((_version(),), 1)])
    parts = part_names(config)
    yield families.PART_UP.family(((part,), running_pid(pid_file(home, part)) is not None) for part in parts)
    yield families.BROKER_ANSWERS.family([((), broker.is_ready(home))])
    ports = established(config.station_ports)
    yield families.BROKER_CONNECTIONS.family(((str(port),), count) for port, count in ports.items())
    yield families.CERTIFICATE_END.family(_certificate_ends(home, config))
    yield families.CLOCK_VOUCHED.family([((), configured_clock(home).look().judges_age)])
    yield from _backups(home)
    disks = {place: shutil.disk_usage(folder) for place, folder in home.disk_places.items() if folder.exists()}
    yield families.DISK_FREE.family(((place,), disk.free) for place, disk in disks.items())
    yield families.DISK_SIZE.family(((place,), disk.total) for place, disk in disks.items())


def database_families(now: datetime, alarms: Iterable[OpenAlarm], last_receipt: datetime | None) -> Iterator[Family]:
    """Yield what the database says of the county as a whole.

    Args:
        alarms: Each open alarm.
        last_receipt: When any station was last sent a receipt.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        yield families.DATABASE_SIZE.family([((), cursor.fetchone()[0])])
    # The newest number, because it is found at once however many there are. Numbers are given in order.
    last = Quarantined.objects.aggregate(last=Coalesce(Max("pk"), 0))["last"]
    yield families.QUARANTINED.family([((), last)])
    if last_receipt is not None:
        yield families.LAST_RECEIPT.family([((), last_receipt.timestamp())])
    yield families.STATIONS.family(((state,), count) for state, count in _stations().items())
    severities = dict.fromkeys(get_args(Severity.__value__), 0)
    codes: dict[str, int] = {}
    for _, code, severity, origin in alarms:
        severities[severity] = severities.get(severity, 0) + 1
        known = code.partition(":")[0]
        known = known if known in _CODES[origin] else OTHER_CODE
        codes[known] = codes.get(known, 0) + 1
    yield families.ALARMS.family(((severity,), count) for severity, count in severities.items())
    yield families.ALARMS_BY_CODE.family(((code,), count) for code, count in sorted(codes.items()))
    yield families.SHELF_DUE.family([((), ShelfDue.objects.aggregate(due=Count("station", distinct=True))["due"])])
    open_commands = StationOrder.objects.filter(answered_at=None, not_after__gt=now)
    yield families.COMMANDS_OPEN.family([((), open_commands.count())])


@cache
def _version() -> str:
    return version("cunhui")


def _stations() -> dict[str, int]:
    """Return how many stations are in each state."""
    live = Q(revoked_at=None, enrolled_at__isnull=False)
    return Station.objects.aggregate(
        online=Count("pk", filter=live & Q(status__online=True)),
        offline=Count("pk", filter=live & ~Q(status__online=True)),
        waiting=Count("pk", filter=Q(revoked_at=None, enrolled_at=None)),
        revoked=Count("pk", filter=Q(revoked_at__isnull=False)),
    )


def _certificate_ends(home: CountyHome, config: CountyConfig) -> Iterator[Sample]:
    files = {"authority": home.root / "ca.pem", "web": home.trust / "web.pem", "broker": home.trust / "broker.pem"}
    own = {"console": config.console, "front-door": config.front_door}
    files |= {name: one.files(home.root)[0] for name, one in own.items() if one is not None}
    for name, file in files.items():
        try:
            first = x509.load_pem_x509_certificates(file.read_bytes())[0]
        except (OSError, ValueError):
            yield (name,), 0  # ended long ago: a certificate that can't be read serves nobody
        else:
            yield (name,), first.not_valid_after_utc.timestamp()


def _backups(home: CountyHome) -> Iterator[Family]:
    """Yield how old the backups are; nothing where none is set up."""
    status = backup_status(home)
    for metric, moment in (
        (families.BACKUP_COPY, status.last_copy_at),
        (families.BACKUP_PROOF, status.last_proof_at),
    ):
        if (since := moment or status.set_up_at) is not None:
            yield metric.family([((), since.timestamp())])
