"""A county with a thousand decisions and a station with a thousand facts of each kind that makes rows.

Import it after `django.setup`.
"""

import datetime as dt
import json
import secrets
import uuid
from random import Random

from django.db import transaction
from django.utils import timezone

from protocol.facts import DirectionChosen
from server_broker.accounts.account_changes import make_account, save_changes
from server_broker.accounts.models import Role
from server_broker.commands.models import StationOrder
from server_broker.decisions.models import CountyStream
from server_broker.enrolment.claims import make_claim
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.manifest.daily import make_due
from server_broker.manifest.evidence import AUDIT, COUNTY, MANIFESTS, audit_lines, county_lines, manifest_lines
from server_broker.manifest.evidence import station_lines as lines_of_station
from server_broker.people.cards import bind_card, card_found, report_lost
from server_broker.people.models import Person
from server_broker.pins.cleaning import drop_old_entries
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from server_broker.retention.erasing import erase_facts
from server_broker.twin.station_settings import choose
from tests.proofs.tamper.stated import stated
from tests.server_broker.manifest.streams import enrol, store_stream
from tests.server_broker.station_double import StationDouble, moment, touch

TOWNSHIP, VILLAGE = "999901001000", "999901001201"
WITNESS, REISSUER = "demo-0001", "demo-0003"
MANIFESTS_MADE = 4

type Files = dict[str, list[bytes]]


def furnish(home: CountyHome, *, decisions: int, count: int, stations: int, rng: Random) -> None:
    """Fill the database: with the decisions of people, the facts of one station, and some stations with few facts."""
    for code, name in (("999901000000", "示例县"), (TOWNSHIP, "示例镇"), (VILLAGE, "示例村")):
        Region.objects.create(code=code, name=name)
    people = [
        Person.objects.create(number=f"P{number:03}", name=f"示例{number}", village_id=VILLAGE) for number in range(20)
    ]
    for number in range(stations):
        with transaction.atomic():
            station = Station.objects.create(
                id=f"demo-{number + 1:04}", name="示例站", village_id=VILLAGE, enrolled_at=timezone.now()
            )
            make_claim(station, actor="operator", now=timezone.now())
        if station.pk == WITNESS:
            _order(station)
            store_stream(station, count, what=stated, old=count // 2)
        elif station.pk == REISSUER:
            _reissue(station)
        else:
            store_stream(station, 1 + number % 3)
    erase_facts(timezone.now())
    drop_old_entries(timezone.now())
    while CountyStream.objects.get().through < decisions - MANIFESTS_MADE:
        _decide(people, rng)
    # Last, because nothing may be recorded any more on a day that has its manifest.
    for day in range(1, MANIFESTS_MADE + 1):
        make_due(home, now=timezone.now() + dt.timedelta(days=day))


def _order(station: Station) -> None:
    """Let somebody have asked for what seq 20 answers."""
    now = timezone.now()
    StationOrder.objects.create(
        id=uuid.UUID(bytes=b"c" * 16),
        station=station,
        order="identify",
        issuer="operator",
        issued_at=now,
        not_after=now,
    )


def _reissue(station: Station) -> None:
    """Let a station send again in a second stream what the county did not have of its first."""
    double = StationDouble(id=station.pk)
    enrol(station, double.key)
    double.add(touch(1), touch(2), touch(3), DirectionChosen(at=moment(4), touch=double.ref(3), direction="out"))
    processor = BatchProcessor(clock=timezone.now)
    processor.process_batch([double.facts_message(1, 2)])
    processor.process_batch([double.reopen(matched=2).facts_message()])


def _decide(people: list[Person], rng: Random) -> None:
    """Let somebody decide something."""
    now = timezone.now()
    with transaction.atomic():
        match rng.randrange(4):
            case 0:
                card = bind_card(secrets.token_bytes(16), rng.choice(people), actor="officer")
                report_lost(card, actor="officer")
                card.refresh_from_db()
                if rng.random() < 0.5:
                    card_found(card, actor="officer", reason="找到了")
            case 1:
                value = str(rng.randrange(5, 60))
                choose(Station.objects.get(pk=WITNESS), "open_before_min", value, actor="operator", now=now)
            case 2:
                region = Region.objects.get(pk=rng.choice((TOWNSHIP, VILLAGE)))
                value = str(rng.randrange(5, 60))
                choose(region, "open_before_min", value, actor="operator", now=now)
            case _:
                account = make_account(
                    f"clerk-{secrets.token_hex(6)}", role=Role.OFFICER, region=VILLAGE, actor="admin"
                )
                account.role = Role.EDITOR
                save_changes(account, actor="admin")


def evidence(station: str) -> Files:
    """Return what the county exports, as the lines of each file."""
    parts = {
        COUNTY: county_lines(),
        AUDIT: audit_lines(),
        MANIFESTS: manifest_lines(),
        f"station-{station}.jsonl": lines_of_station(Station.objects.get(pk=station)),
    }
    return {
        name: [json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() for line in lines]
        for name, lines in parts.items()
    }
