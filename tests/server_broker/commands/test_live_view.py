"""Live view in the county: who may, who sees, and that frames are in memory alone and only what they must be."""

import datetime as dt
import io
import re
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from PIL import Image

from protocol.codec import encode
from protocol.facts import LiveViewBegan, LiveViewEnded
from protocol.frames import Frame
from protocol.topics import topic
from server_broker.accounts.models import Role
from server_broker.audit.models import AuditEntry
from server_broker.commands.command_queue import wire_command
from server_broker.commands.models import StationOrder
from server_broker.console.views import live_view
from server_broker.console.views.live_view import viewer_name
from server_broker.fleet.models import StationEvent, StationStatus
from server_broker.ingest.batch import BatchProcessor
from server_broker.live.hub import MAX_VIEWS, LiveHub, TooManyViews
from tests.cast import OF_THE_COUNTY, OPERATOR, OTHER_OPERATOR, SHILI, STRAY, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import FictionalCounty, make_county, signed_in, user_of
from tests.server_broker.station_double import NOW, StationDouble, moment

ORDER = bytes(range(16))
LATER = NOW + dt.timedelta(minutes=5)


def jpeg(size: tuple[int, int] = (64, 48)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (9, 99, 9)).save(out, "JPEG")
    return out.getvalue()


class FakeFrames:
    """The broker for frames: what it is asked for, and a way to say something."""

    def __init__(self, heard: Callable[[str, bytes], None]) -> None:
        self.heard = heard
        self.log: list[str] = []

    def subscribe(self, station: str) -> None:
        self.log.append(f"+{station}")

    def unsubscribe(self, station: str) -> None:
        self.log.append(f"-{station}")


@pytest.fixture
def frames() -> list[FakeFrames]:
    return []


@pytest.fixture
def hub(frames: list[FakeFrames]) -> LiveHub:
    def source(heard: Callable[[str, bytes], None]) -> FakeFrames:
        frames.append(FakeFrames(heard))
        return frames[0]

    return LiveHub(source)


def parts(picture: bytes, *, station: str = SHILI, number: int = 1, order: bytes = ORDER) -> list[bytes]:
    return [
        encode(
            Frame(
                station=station,
                command=order,
                number=number,
                size=len(picture),
                offset=offset,
                data=picture[offset : offset + 200],
            )
        )
        for offset in range(0, len(picture), 200)
    ]


def say(hub: LiveHub, payloads: list[bytes], *, station: str = SHILI) -> None:
    for payload in payloads:
        hub.heard(topic(shard=0, station=station, leaf="frame"), payload)


def test_the_last_whole_frame_is_kept_and_no_other(hub: LiveHub) -> None:
    hub.watch(SHILI, ORDER, until=LATER, now=NOW)
    first, second = jpeg(), jpeg((80, 60))
    say(hub, parts(first))
    assert hub.latest(SHILI, ORDER) is not None
    half = parts(second, number=2)
    say(hub, half[:-1])
    shot = hub.latest(SHILI, ORDER)
    assert shot is not None
    assert (shot.number, shot.jpeg) == (1, first)
    say(hub, half[-1:])
    shot = hub.latest(SHILI, ORDER)
    assert shot is not None
    assert (shot.number, shot.jpeg) == (2, second)
    assert hub.latest(SHILI, bytes(16)) is None


@pytest.mark.parametrize(
    "payloads",
    [
        [b"", b"\xff" * 50, b"\x90" * 9_000, bytes(70_000)],
        parts(jpeg(), order=bytes(16)),
        parts(jpeg(), station=YANGBAN),
        parts(b"GIF89a" + bytes(500)),
        parts(jpeg()[:-40]),
        parts(jpeg())[1:],
        [one for place, one in enumerate(parts(jpeg())) if place != 1],
        list(reversed(parts(jpeg()))),
    ],
    ids=["rubbish", "another order", "another station", "no picture", "cut off", "no begin", "a hole", "backwards"],
)
def test_what_is_no_frame_of_the_view_is_passed_over(hub: LiveHub, payloads: list[bytes]) -> None:
    hub.watch(SHILI, ORDER, until=LATER, now=NOW)
    say(hub, payloads)
    assert hub.latest(SHILI, ORDER) is None
    say(hub, parts(jpeg(), number=9))
    assert hub.latest(SHILI, ORDER) is not None


def test_a_view_that_is_over_is_forgotten(hub: LiveHub, frames: list[FakeFrames]) -> None:
    hub.watch(SHILI, ORDER, until=LATER, now=NOW)
    hub.watch(SHILI, ORDER, until=LATER, now=NOW)
    say(hub, parts(jpeg()))
    hub.watch(YANGBAN, ORDER, until=LATER + dt.timedelta(hours=1), now=LATER)
    assert hub.latest(SHILI, ORDER) is None
    assert frames[0].log == ["+shili-01", "-shili-01", "+yangban-01"]
    hub.forget(YANGBAN)
    hub.forget(YANGBAN)
    assert frames[0].log[3:] == ["-yangban-01"]


def test_no_more_views_than_fit(hub: LiveHub) -> None:
    for number in range(MAX_VIEWS):
        hub.watch(f"station-{number}", ORDER, until=LATER, now=NOW)
    with pytest.raises(TooManyViews):
        hub.watch("station-x", ORDER, until=LATER, now=NOW)
    hub.watch("station-0", ORDER, until=LATER, now=NOW)


# The page.


@pytest.fixture
def county(db: None) -> FictionalCounty:
    return make_county()


@pytest.fixture(autouse=True)
def no_broker(hub: LiveHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_view, "hub", lambda: hub)


WISH = {"seconds": "120", "pace": "20", "megabytes": "2", "why": "看看会场"}


@pytest.fixture
def officer(county: FictionalCounty) -> Client:
    return signed_in(TOWNSHIP_OFFICER)


def begun(client: Client) -> StationOrder:
    assert client.post("/stations/shili-01/live/", WISH).status_code == 302
    order = StationOrder.objects.get(order="live_view")
    StationOrder.objects.filter(pk=order.pk).update(sent_at=timezone.now())
    return order


def test_an_officer_looks_and_the_kiosk_will_say_who(officer: Client, hub: LiveHub) -> None:
    assert "开始查看" in officer.get("/stations/shili-01/live/").content.decode()
    order = begun(officer)
    command = wire_command(order)
    assert (command.live.seconds, command.live.frames_a_minute, command.live.kib) == (120, 20, 2000)
    assert command.live.viewer == "示例镇 镇办干部"
    assert "等第一帧" in officer.get("/stations/shili-01/live/").content.decode()
    frame = f"/stations/shili-01/live/{order.pk}/frame.jpg"
    assert officer.get(frame).status_code == 404
    picture = jpeg()
    say(hub, parts(picture, order=order.id.bytes, number=5))
    html = officer.get("/stations/shili-01/live/", headers={"HX-Request": "true"}).content.decode()
    assert f"{frame}?n=5" in html
    got = officer.get(frame)
    assert (got.content, got["Content-Type"], got["Cache-Control"]) == (picture, "image/jpeg", "no-store")
    assert "sandbox" in got["Content-Security-Policy"]
    assert AuditEntry.objects.get(action="station.ordered").detail["order"] == "live_view"


def test_nobody_else_sees_the_frames(officer: Client, county: FictionalCounty, hub: LiveHub) -> None:
    order = begun(officer)
    officer.get("/stations/shili-01/live/")
    say(hub, parts(jpeg(), order=order.id.bytes))
    other = signed_in(OTHER_OPERATOR)
    assert other.get(f"/stations/shili-01/live/{order.pk}/frame.jpg").status_code == 404
    assert other.post(f"/stations/shili-01/live/{order.pk}/end/").status_code == 404
    html = other.get("/stations/shili-01/live/").content.decode()
    assert "frame.jpg" not in html
    html = other.post("/stations/shili-01/live/", WISH, follow=True).content.decode()
    assert "正在被查看" in html
    assert officer.get(f"/stations/yangban-01/live/{order.pk}/frame.jpg").status_code == 404
    assert officer.get(f"/stations/shili-01/live/{uuid.uuid4()}/frame.jpg").status_code == 404


def test_that_frames_were_seen_is_on_record_once_for_an_order(officer: Client, hub: LiveHub) -> None:
    order = begun(officer)
    frame = f"/stations/shili-01/live/{order.pk}/frame.jpg"
    officer.get("/stations/shili-01/live/")
    assert officer.get(frame).status_code == 404
    assert not AuditEntry.objects.filter(action="live.seen").exists()
    for number in (1, 2):
        say(hub, parts(jpeg(), order=order.id.bytes, number=number))
        assert officer.get(frame).status_code == 200
    entry = AuditEntry.objects.get(action="live.seen")
    assert (entry.actor, entry.subject) == (TOWNSHIP_OFFICER.username, SHILI)
    assert entry.detail == {"order": order.id.hex}


def test_ending_it_forgets_the_frames_and_tells_the_station(officer: Client, hub: LiveHub) -> None:
    order = begun(officer)
    officer.get("/stations/shili-01/live/")
    say(hub, parts(jpeg(), order=order.id.bytes))
    assert "已要求站点结束" in officer.post(f"/stations/shili-01/live/{order.pk}/end/", follow=True).content.decode()
    assert hub.latest(SHILI, order.id.bytes) is None
    assert StationOrder.objects.filter(order="end_live_view").exists()


def test_the_time_that_is_left_never_grows(officer: Client) -> None:
    assert officer.post("/stations/shili-01/live/", WISH).status_code == 302
    order, shown = StationOrder.objects.get(order="live_view"), list[int]()
    for sent_before in (None, 0, 1, 60, 119, 121, 135):
        if sent_before is not None:
            sent = timezone.now() - dt.timedelta(seconds=sent_before)
            StationOrder.objects.filter(pk=order.pk).update(sent_at=sent)
        html = officer.get("/stations/shili-01/live/", headers={"HX-Request": "true"}).content.decode()
        told = re.search(r"最多(?:还有)? <strong>(\d+)</strong> 秒", html)
        shown.append(int(told[1]) if told else 0)
        assert ("站点收到后开始算" in html) == (sent_before is None)
    assert shown[0] == 120
    assert shown == sorted(shown, reverse=True)
    assert shown[-2:] == [0, 0]
    assert "正在等站点答复" in html


def test_a_lease_that_is_over_shows_what_it_came_to(officer: Client) -> None:
    order = begun(officer)
    StationOrder.objects.filter(pk=order.pk).update(
        answered_at=timezone.now(), outcome="done", detail="time", figures={"frames": 40, "bytes": 999, "seconds": 120}
    )
    poll = officer.get("/stations/shili-01/live/", headers={"HX-Request": "true"})
    assert poll["HX-Refresh"] == "true"
    html = officer.get("/stations/shili-01/live/").content.decode()
    assert "到时间结束" in html
    assert "40 帧" in html
    assert "开始查看" in html


@pytest.mark.parametrize(
    "change", [{"why": "短"}, {"seconds": "601"}, {"seconds": "x"}, {"pace": "9999"}, {"megabytes": "-1"}]
)
def test_a_wrong_wish_begins_nothing(officer: Client, change: dict[str, str]) -> None:
    html = officer.post("/stations/shili-01/live/", {**WISH, **change}, follow=True).content.decode()
    assert "没有开始" in html
    assert not StationOrder.objects.exists()


def test_a_station_that_is_away_is_not_looked_at(officer: Client) -> None:
    StationStatus.objects.update(online=False)
    assert "站点现在不在线" in officer.post("/stations/shili-01/live/", WISH, follow=True).content.decode()
    assert not StationOrder.objects.exists()
    assert officer.post("/stations/yangban-01/live/", WISH).status_code == 404


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.SECURITY, Role.AUDITOR])
def test_others_may_not(county: FictionalCounty, role: Role) -> None:
    client = signed_in(OF_THE_COUNTY[role])
    assert client.get("/stations/shili-01/live/").status_code == 403
    assert client.post("/stations/shili-01/live/", WISH).status_code == 403


def test_who_looks_is_an_office_and_no_person(county: FictionalCounty) -> None:
    assert viewer_name(user_of(OPERATOR)) == "示例县 县运维"
    assert viewer_name(user_of(STRAY)) == "县里"


@pytest.mark.django_db
def test_begin_and_end_stand_among_the_events() -> None:
    double = StationDouble()
    double.enrol()
    began = LiveViewBegan(at=moment(), command=ORDER, issuer="op", viewer="镇办", reason="开会", seconds=60)
    ended = LiveViewEnded(at=moment(), command=ORDER, why="time", frames=3, sent_bytes=9, seconds=60)
    BatchProcessor(clock=lambda: NOW).process_batch([double.add(began, ended).facts_message()])
    kinds = {event.kind: event.detail for event in StationEvent.objects.all()}
    assert kinds["live_view_began"]["issuer"] == "op"
    assert (kinds["live_view_ended"]["why"], kinds["live_view_ended"]["frames"]) == ("time", 3)
