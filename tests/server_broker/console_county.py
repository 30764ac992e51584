"""A plainly fictional county for the console's tests: two townships, three villages, a station in each."""

import datetime as dt
import secrets
from dataclasses import dataclass, field

from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts import second_factor
from server_broker.accounts.models import Role, User
from server_broker.attendance.models import DutyWindow, Touch
from server_broker.fleet.models import Alarm, Station, StationEvent, StationStatus
from server_broker.media.models import Blob
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region

COUNTY, TOWN_A, TOWN_B = "990101000000", "990101001000", "990101002000"
VILLAGE_A, VILLAGE_A2, VILLAGE_B = "990101001001", "990101001002", "990101002001"


@dataclass
class FictionalCounty:
    people: dict[str, Person] = field(default_factory=dict)
    cards: dict[str, Card] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)


def make_county() -> FictionalCounty:
    county = FictionalCounty()
    for code, name in {
        COUNTY: "示例县",
        TOWN_A: "示例镇",
        TOWN_B: "样板镇",
        VILLAGE_A: "示例村",
        VILLAGE_A2: "演示村",
        VILLAGE_B: "样板村",
    }.items():
        Region.objects.create(code=code, name=name)
    for letter, village in (("a", VILLAGE_A), ("b", VILLAGE_B)):
        add_station(county, f"station-{letter}", village)
        person = Person.objects.create(number=f"{letter}1", name=f"{letter.upper()}示例", village_id=village)
        county.people[letter] = person
        county.cards[letter] = Card.objects.create(
            token=secrets.token_bytes(16), tail="0a1b", person=person, bound_at=timezone.now()
        )
    return county


def add_station(county: FictionalCounty, name: str, village: str, *, online: bool = True) -> Station:
    now = timezone.now()
    station = Station.objects.create(
        id=name, name=f"{Region.objects.get(pk=village).name}站", village_id=village, enrolled_at=now
    )
    StationStatus.objects.create(
        station=station, online=online, receipt_at=now, clock_quality="synced", software="0.1.0", changed_at=now
    )
    county.stations[name] = station
    return station


def user_of(role: Role, region: str | None, name: str = "tester") -> User:
    return User.objects.create(username=name, role=role, region_id=region)


def client_for(user: User) -> Client:
    """A browser in which ``user`` has signed in, with the second factor where it opens anything."""
    client = Client()
    client.force_login(user)
    if second_factor.is_of_use(user):
        verify(client, user)
    return client


def verify(client: Client, user: User) -> None:
    """Have a signed-in browser show a second factor."""
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = TOTPDevice.objects.create(user=user).persistent_id
    session.save()


def touch(station: Station, card: bytes, *, at: dt.datetime | None = None, **values: object) -> Touch:
    at = at or timezone.now()
    return Touch.objects.create(
        **{
            "station": station,
            "epoch": secrets.token_bytes(16),
            "seq": 1,
            "card_token": card,
            "wall": at,
            "quality": "synced",
            "boot": bytes(16),
            "mono_ms": 1000,
            "received_at": at,
            "reader": "simulated",
            "answer": "recorded",
            "direction": "in",
        }
        | values
    )


def event(station: Station, kind: str, *, at: dt.datetime, detail: dict[str, object] | None = None) -> StationEvent:
    return StationEvent.objects.create(
        station=station,
        epoch=secrets.token_bytes(16),
        seq=1,
        kind=kind,
        wall=at,
        quality="synced",
        boot=bytes(16),
        mono_ms=0,
        received_at=at,
        detail=detail or {},
    )


def alarm(station: Station | None, code: str = "lost_card", severity: str = "major", **values: object) -> Alarm:
    now = timezone.now()
    return Alarm.objects.create(
        **{"station": station, "code": code, "severity": severity, "opened_at": now, "last_at": now} | values
    )


def snapshot(station: Station, sha256: bytes, *, size: int, about: Touch | None = None, purpose: str = "touch") -> Blob:
    now = timezone.now()
    return Blob.objects.create(
        station=station,
        sha256=sha256,
        size=size,
        media_type="image/jpeg",
        purpose=purpose,
        about_epoch=about.epoch if about else None,
        about_seq=about.seq if about else None,
        announced_at=about.wall if about else now,
        completed_at=now,
        viewable=True,
    )


def window(village: str, name: str, people: list[Person], *, start: int = 480, end: int = 720) -> DutyWindow:
    made = DutyWindow.objects.create(village_id=village, name=name, weekdays=[1, 2, 3, 4, 5], start=start, end=end)
    made.people.set(people)
    return made
