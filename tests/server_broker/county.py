"""Puts the cast of the tests into a database: places, people, accounts, and what stations say of them."""

import datetime as dt
import secrets
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY

from protocol.documents import Document, Paragraph
from protocol.facts_requests import request_number
from protocol.feedback import receipt_number
from server_broker.accounts import second_factor
from server_broker.accounts.models import SecondFactor, User
from server_broker.api_tokens.giving import Given, make_token
from server_broker.api_tokens.resources import RESOURCES, scopes_of
from server_broker.attendance.models import DutyWindow, Touch
from server_broker.bundles.documents import DocumentsDraft
from server_broker.bundles.models import Bundle, WrittenDocuments, WrittenNotice
from server_broker.bundles.notices import NoticeDraft
from server_broker.bundles.written_documents import new_id, write_documents
from server_broker.bundles.written_notices import write_notice
from server_broker.feedback.models import Feedback
from server_broker.fleet.alarm_codes import COUNTY_ALARMS
from server_broker.fleet.alarms import Origin
from server_broker.fleet.models import Alarm, Station, StationEvent, StationStatus
from server_broker.media.models import Blob
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region
from server_broker.requests.models import Agreement, Request, Withdrawal
from server_broker.trust.sealing import make_sealing_key
from tests.cast import REGIONS, SHILI, VILLAGE_OF, WANG, YANGBAN, ZHANG, Account, Cadre


@dataclass
class FictionalCounty:
    """What is in the database of the cast: people and cards by cadre, stations by id."""

    people: dict[Cadre, Person] = field(default_factory=dict)
    cards: dict[Cadre, Card] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)

    def add(self, cadre: Cadre) -> Person:
        """Let somebody of the cast work in the county, with a card."""
        person = Person.objects.create(number=cadre.number, name=cadre.name, village_id=cadre.village)
        self.people[cadre] = person
        self.cards[cadre] = Card.objects.create(
            token=cadre.token, tail=cadre.tail, person=person, bound_at=timezone.now()
        )
        return person


def make_county() -> FictionalCounty:
    """Make all places, with Zhang and Wang and the stations of their villages. A story adds whom else it needs."""
    county = FictionalCounty()
    for code, name in REGIONS.items():
        Region.objects.create(code=code, name=name)
    for station, cadre in ((SHILI, ZHANG), (YANGBAN, WANG)):
        add_station(county, station, VILLAGE_OF[station])
        county.add(cadre)
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


def waiting_station(station: str = SHILI, **values: object) -> Station:
    """A station of the cast that the county has set up and that nobody has taken in yet, with its village alone."""
    village, _ = Region.objects.get_or_create(code=VILLAGE_OF[station], defaults={"name": REGIONS[VILLAGE_OF[station]]})
    return Station.objects.create(**{"id": station, "name": f"{village.name}站", "village": village} | values)


def user_of(account: Account) -> User:
    """Return the account in the database; it is made when a story first asks for it."""
    return User.objects.get_or_create(
        username=account.username, defaults={"role": account.role, "region_id": account.region}
    )[0]


def signed_in(account: Account) -> Client:
    """A browser in which somebody of the cast has signed in."""
    return client_for(user_of(account))


def client_for(user: User) -> Client:
    """A browser in which ``user`` has signed in, with the second factor where it opens anything."""
    client = Client()
    client.force_login(user)
    if second_factor.is_of_use(user):
        verify(client, user)
    return client


def verify(client: Client, user: User) -> None:
    """Have a signed-in browser show a second factor."""
    make_sealing_key(settings.HOME)
    key = SecondFactor.sealed(user, secrets.token_bytes(second_factor.SECRET_BYTES))
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = SecondFactor.objects.create(user=user, key=key).persistent_id
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


def asked(station: Station, *, topic: str = "lamps", matter: str = "broken", **values: object) -> Feedback:
    """A question of a villager."""
    now, feedback = timezone.now(), secrets.token_bytes(16)
    return Feedback.objects.create(
        **{
            "station": station,
            "epoch": secrets.token_bytes(16),
            "seq": 1,
            "feedback": feedback,
            "number": receipt_number(feedback),
            "topic": topic,
            "matter": matter,
            "wall": now,
            "quality": "synced",
            "boot": bytes(16),
            "mono_ms": 0,
            "received_at": now,
        }
        | values
    )


def requested(station: Station, by: Touch, *, kind: str = "objection", code: str = "time", **values: object) -> Request:
    """Something that whoever touched ``by`` asks for."""
    now, request = timezone.now(), secrets.token_bytes(16)
    return Request.objects.create(
        **{
            "station": station,
            "epoch": secrets.token_bytes(16),
            "seq": 2,
            "request": request,
            "number": request_number(request),
            "kind": kind,
            "code": code,
            "by_epoch": by.epoch,
            "by_seq": by.seq,
            "about_epoch": by.epoch,
            "about_seq": by.seq,
            "begin_at": by.wall,
            "wall": now,
            "quality": "synced",
            "boot": bytes(16),
            "mono_ms": 0,
            "received_at": now,
        }
        | values
    )


def withdrawn(asked: Request, *, at: dt.datetime) -> Withdrawal:
    """Its person takes a request back, and the county hears of it at once."""
    return Withdrawal.objects.create(
        station=asked.station,
        epoch=secrets.token_bytes(16),
        seq=3,
        request=asked.request,
        by_epoch=asked.by_epoch,
        by_seq=asked.by_seq,
        wall=at,
        quality="synced",
        boot=bytes(16),
        mono_ms=0,
        received_at=at,
    )


def agreed(asked: bytes, by: Touch, *, at: dt.datetime, agrees: bool = True) -> Agreement:
    """Whoever touched ``by`` says at its station whether they take over a window."""
    return Agreement.objects.create(
        station=by.station,
        epoch=secrets.token_bytes(16),
        seq=3,
        request=asked,
        by_epoch=by.epoch,
        by_seq=by.seq,
        agrees=agrees,
        wall=at,
        quality="synced",
        boot=bytes(16),
        mono_ms=0,
        received_at=at,
    )


def api_token(owner: Account, *scopes: str, region: str = "", days: int = 30, name: str = "示例系统") -> Given:
    """A token that an account of the cast gave a program, for all lists that it may give if no scope is named."""
    user = user_of(owner)
    return make_token(
        user,
        name,
        scopes=scopes or [name for name in scopes_of(user) if name in RESOURCES],
        region=Region.objects.get(pk=region or user.region_id),
        days=days,
        now=timezone.now(),
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
    by = {"station": station, "code": code, "severity": severity, "opened_at": now, "last_at": now}
    return Alarm.objects.create(**by | {"origin": origin_of(code)} | values)


def origin_of(code: str) -> Origin:
    """Return who says an alarm with this code if nobody lies."""
    return "county" if code.partition(":")[0] in COUNTY_ALARMS else "station"


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


def written_notice(region: str, *, by: str = "writer") -> WrittenNotice:
    """Return a notice for a region that waits for a second person."""
    now = timezone.now()
    draft = NoticeDraft(
        line="明天停电检修",
        text="一组、二组。",
        region="",
        not_before=now,
        not_after=now + dt.timedelta(days=3),
        kind="power_cut",
        source="示例供电所",
        owner="示例所长",
    )
    return write_notice(draft, region=Region.objects.get(code=region), actor=by, at=now)


def written_documents(region: str, *, by: str = "writer", **changed: Any) -> WrittenDocuments:
    """Return a document for a region that waits for a second person."""
    now = timezone.now()
    usual: dict[str, Any] = {
        "id": new_id("library"),
        "kind": "library",
        "documents": [
            Document(
                id="d1",
                title="示例办事指南",
                kind="policy",
                source="示例镇",
                published="2026-11-28",
                blocks=[Paragraph(text="带上材料。")],
                sample=True,
            )
        ],
        "regions": [],
        "not_after": now + dt.timedelta(days=3),
    }
    draft = DocumentsDraft(**(usual | changed))
    return write_documents(draft, region=Region.objects.get(code=region), actor=by, at=now)


def content_for(prefix: str, *, kind: str = "notices", title: str = "示例通知", **values: object) -> Bundle:
    """Published content for the regions whose code begins with ``prefix``; its file is not on the disk."""
    now = timezone.now()
    return Bundle.objects.create(
        **{
            "bundle": f"{kind}-{prefix}-{secrets.token_hex(4)}",
            "version": 1,
            "kind": kind,
            "title": title,
            "sha256": secrets.token_bytes(32),
            "size": 400,
            "regions": [prefix],
            "not_after": now + dt.timedelta(days=7),
            "access": "public",
            "published_at": now,
            "author": "chen-shili",
        }
        | values
    )
