"""A county with a thousand decisions and a station with a thousand facts, on a private PostgreSQL cluster.

Import it after `django.setup`.
"""

import datetime as dt
import json
import secrets
from random import Random

from django.db import transaction
from django.utils import timezone

from server_broker.accounts.account_changes import make_account, save_changes
from server_broker.accounts.models import Role
from server_broker.decisions.models import CountyStream
from server_broker.fleet.models import Station
from server_broker.manifest.daily import make_due
from server_broker.manifest.evidence import AUDIT, COUNTY, MANIFESTS, audit_lines, county_lines, manifest_lines
from server_broker.manifest.evidence import station_lines as lines_of_station
from server_broker.people.cards import bind_card, card_found, report_lost
from server_broker.people.models import Person
from server_broker.platform.home import CountyHome
from server_broker.regions.models import Region
from server_broker.twin.station_settings import choose
from tests.server_broker.manifest.streams import store_stream

TOWNSHIP, VILLAGE = "999901001000", "999901001201"
WITNESS = "demo-0001"
MANIFESTS_MADE = 4

type Files = dict[str, list[bytes]]


def furnish(home: CountyHome, *, decisions: int, facts: int, stations: int, rng: Random) -> None:
    """Fill the database: with the decisions of people, the facts of one station, and some stations with few facts."""
    for code, name in (("999901000000", "示例县"), (TOWNSHIP, "示例镇"), (VILLAGE, "示例村")):
        Region.objects.create(code=code, name=name)
    people = [
        Person.objects.create(number=f"P{number:03}", name=f"示例{number}", village_id=VILLAGE) for number in range(20)
    ]
    for number in range(stations):
        station = Station.objects.create(
            id=f"demo-{number + 1:04}", name="示例站", village_id=VILLAGE, enrolled_at=timezone.now()
        )
        store_stream(station, facts if station.pk == WITNESS else 1 + number % 3)
    now, made = timezone.now(), 0
    while made < MANIFESTS_MADE:
        _decide(people, rng)
        if CountyStream.objects.get().through >= decisions * (made + 1) // MANIFESTS_MADE - 1:
            made += 1
            make_due(home, now=now + dt.timedelta(days=made))


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
