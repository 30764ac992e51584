"""A plausible and plainly fictional day: three stations, about thirty touches, pictures, ups and downs."""

import datetime as dt
import hashlib
import io
import secrets

import msgspec
from django.conf import settings
from django.utils import timezone
from PIL import Image, ImageDraw, ImageFont

from protocol import MINOR
from protocol.health import DeviceHealth, Health, Machine
from server_broker.attendance.models import Touch
from server_broker.fleet import health
from server_broker.fleet.models import Station, StationStatus, Stream
from server_broker.ingest.models import Fact, Quarantined
from server_broker.media.files import MediaFolder
from server_broker.people.models import Card, Person
from server_broker.regions.models import Region
from tests.cast import CROWD, YANSHI, YANSHI_VILLAGE
from tests.server_broker.county import FictionalCounty, add_station, alarm, event, make_county, snapshot, touch, window

SHIFAN, SHIFAN_VILLAGE = "shifan-01", "990101001003"
"""示范村 with the station that has every fault; only this day needs them."""

FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


_WELL = Machine(
    model="Raspberry Pi 3 Model B Rev 1.2",
    system="Debian GNU/Linux 13 (trixie)",
    kernel="6.12.34+rpt-rpi-v8",
    temperature_c=52,
    throttled="no",
    undervoltage="no",
    memory_kib=931_352,
    memory_free_kib=602_104,
    disk_kib=14_680_064,
    card="sd",
    link="modem",
    signal_percent=67,
)
_DEVICES = [
    DeviceHealth(name="门口", kind="reader", ready=True, simulated=True),
    DeviceHealth(name="camera", kind="camera", ready=True, simulated=True),
    DeviceHealth(name="gpio", kind="indicator", ready=True),
]
WELL = Health(machine=_WELL, devices=_DEVICES, boot_reason="ordered")
ILL = Health(
    machine=msgspec.structs.replace(
        _WELL,
        temperature_c=83,
        throttled="now",
        undervoltage="now",
        memory_free_kib=31_000,
        card="emmc",
        card_worn_percent=100,
        card_end="warning",
        signal_percent=18,
    ),
    devices=[msgspec.structs.replace(one, ready=False) for one in _DEVICES],
    boot_reason="undervoltage",
)
"""Everything that may be wrong at once."""


def make_day() -> FictionalCounty:
    county = make_county()
    Region.objects.create(code=SHIFAN_VILLAGE, name="示范村")
    add_station(county, YANSHI, YANSHI_VILLAGE)
    add_station(county, SHIFAN, SHIFAN_VILLAGE, online=False)
    places = list(Station.objects.order_by("village_id"))
    for place in places:
        _history(place)
    people = [_person(number, name, places[number % 3]) for number, name in enumerate(CROWD)]
    _touches(places, people)
    for place in places[:3]:
        staff = [person for person, _ in people if person.village_id == place.village_id]
        window(place.village_id, "上午班", staff)
        window(place.village_id, "下午班", staff, start=870, end=1050)
    StationStatus.objects.update(reader_ready=True, camera_ready=True, simulated=True, disk_free_kib=9_000_000)
    StationStatus.objects.update(contract=MINOR)
    StationStatus.objects.filter(pk=SHIFAN).update(
        waiting=12, blobs_waiting=3, clock_quality="holdover", receipt_at=timezone.now() - dt.timedelta(minutes=47)
    )
    StationStatus.objects.update(health=health.kept(WELL), health_at=timezone.now(), month_bytes=212_300_000)
    StationStatus.objects.filter(pk=SHIFAN).update(
        health=health.kept(ILL),
        month_bytes=951_000_000,
        reader_ready=False,
        month_forecast_bytes=1_204_000_000,
        saving=["blobs"],
    )
    alarm(county.stations[SHIFAN], code="undervoltage", severity="major", detail="供电电压低于主板的要求")
    alarm(county.stations[SHIFAN], code="reader_lost", severity="major", detail="读卡器 10 分钟没有应答")
    return county


def _person(number: int, name: str, place: Station) -> tuple[Person, Card]:
    person = Person.objects.create(number=f"10{number:02}", name=name, village=place.village)
    token = secrets.token_bytes(16)
    tail = token[:2].hex()
    return person, Card.objects.create(token=token, tail=tail, person=person, bound_at=timezone.now())


def _touches(places: list[Station], people: list[tuple[Person, Card]]) -> None:
    begin = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    span = (timezone.now() - begin) / 32
    for number in range(30):
        person, card = people[number % len(people)]
        place = next(place for place in places if place.village_id == person.village_id)
        known = number not in (11, 23)
        made = touch(
            place,
            bytes(card.token) if known else secrets.token_bytes(16),
            at=begin + span * (number + 2) + dt.timedelta(seconds=number * 7 % 43),
            answer=("repeat" if number == 17 else "recorded") if known else "unknown",
            direction="" if not known else ("in" if number < 16 else "out"),
            chosen_direction="in" if number == 20 else "",
            quality="holdover" if number % 7 == 3 else "synced",
        )
        _picture(place, made, number)


def _picture(place: Station, made: Touch, number: int) -> None:
    picture = Image.new("RGB", (640, 480), (206, 212, 205))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 330, 640, 480), fill=(178, 164, 143))
    draw.rectangle((60, 90, 250, 260), fill=(232, 240, 244), outline=(140, 148, 150), width=6)
    draw.rectangle((360 + number % 5 * 8, 210, 600, 380), fill=(125, 98, 72))
    draw.text(
        (24, 20),
        # With the number: soon after midnight several touches share a second, and a station sends a file once.
        f"模拟画面 {timezone.localtime(made.wall):%H:%M:%S} · {number}",
        fill=(30, 40, 36),
        font=ImageFont.truetype(FONT, 34),
    )
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=70)
    data = file.getvalue()
    digest = hashlib.sha256(data).digest()
    path = MediaFolder(settings.HOME.media).path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    snapshot(place, digest, size=len(data), about=made)


def _stream(place: Station, *, received: int, waiting: int) -> None:
    issued = received + waiting
    stream = Stream.objects.create(
        station=place, epoch=secrets.token_bytes(16), through=received, head=bytes(32), issued=issued
    )
    Fact.objects.bulk_create(
        Fact(stream=stream, seq=seq, digest=bytes(32), head=bytes(32), kind="touch", received_at=timezone.now())
        for seq in range(1, received + 1)
    )


def _history(place: Station) -> None:
    now = timezone.now()
    _stream(place, received=148, waiting=12 if place.pk == SHIFAN else 0)
    event(place, "epoch_opened", at=now - dt.timedelta(days=6), detail={"reason": "first"})
    event(place, "booted", at=now - dt.timedelta(days=6), detail={"cause": "power_on", "software": "0.1.0"})
    event(place, "shut_down", at=now - dt.timedelta(hours=30))
    event(place, "booted", at=now - dt.timedelta(hours=29), detail={"cause": "power_on", "software": "0.1.0"})
    event(place, "clock_corrected", at=now - dt.timedelta(hours=29))
    event(place, "reader_lost", at=now - dt.timedelta(hours=7), detail={"reader": "pcsc"})
    event(place, "reader_back", at=now - dt.timedelta(hours=6, minutes=48), detail={"reader": "pcsc"})
    event(place, "window_closed", at=now - dt.timedelta(hours=3), detail={"window": "上午班"})


def hold(place: Station) -> None:
    """Let the station's last two facts be held, and a message of it be unread."""
    body = b"\x81\xa4kind\xa5later"
    facts = Fact.objects.filter(stream__station=place, seq__in=(147, 148))
    facts.update(held_reason="unknown_kind", kind="", body=body, salt=bytes(16))
    Quarantined.objects.create(
        station=place,
        topic=f"cunhui/1/0/{place.pk}/facts",
        raw=bytes(range(256)),
        reason="malformed",
        detail="Input is not a map",
        received_at=timezone.now(),
    )
