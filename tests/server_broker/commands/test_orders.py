"""Orders: given with a reason by those who may, sent while the station is connected, answered once."""

import datetime as dt
import hashlib
import secrets
import threading
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from protocol.commands import Command, LogTerms, unseal_command
from protocol.facts import CommandResult
from protocol.signing import key_id
from server_broker.accounts.models import Role
from server_broker.audit.models import AuditEntry
from server_broker.commands.command_queue import MAX_OPEN, CommandRefused, give_command
from server_broker.commands.models import StationOrder
from server_broker.fleet.models import Station, StationEvent, StationStatus
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.worker import Worker
from server_broker.media.files import MediaFolder
from server_broker.platform.shards import Share
from tests.cast import COUNTY_OFFICER, OF_THE_COUNTY, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP_OPERATOR
from tests.server_broker.county import FictionalCounty, add_station, signed_in, snapshot
from tests.server_broker.pages import text_of
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW, StationDouble, moment

pytestmark = pytest.mark.django_db(transaction=True)

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


@pytest.fixture
def double() -> StationDouble:
    made = StationDouble()
    made.enrol()
    return made


@pytest.fixture
def source() -> RecordingSource:
    return RecordingSource()


@pytest.fixture
def worker(source: RecordingSource) -> Iterator[Worker]:
    yield Worker(source=source, key=KEY, share=Share(0, 2), clock=lambda: NOW, stop=threading.Event())
    connection.close()


def ordered(double: StationDouble, order: str = "snapshot", **more: object) -> StationOrder:
    station = Station.objects.get(pk=double.id)
    return give_command(station, order, actor="op", reason="看看现场", now=NOW, **more)  # type: ignore[arg-type]


def commands(source: RecordingSource) -> list[Command]:
    return [
        unseal_command(payload, station=topic.split("/")[3], public_keys={key_id(PUBLIC): PUBLIC})
        for topic, payload in source.published
        if topic.endswith("/command")
    ]


def look(worker: Worker) -> None:
    worker.step(timeout_s=0)
    worker.do_chores()


def connect(double: StationDouble, nonce: bytes = b"n" * 16) -> None:
    StationStatus.objects.update_or_create(station_id=double.id, defaults={"online": True, "connection": nonce})


def answer(double: StationDouble, order: StationOrder, **changes: object) -> CommandResult:
    return CommandResult(at=moment(), command=order.id.bytes, outcome="done", **changes)  # type: ignore[arg-type]


def test_an_order_waits_for_its_station_and_is_signed_with_all_that_it_says(
    double: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    order = ordered(double, "send_logs", terms=LogTerms(kib=16))
    look(worker)
    assert commands(source) == []
    connect(double)
    look(worker)
    (command,) = commands(source)
    assert (command.id, command.order, command.log.kib) == (order.id.bytes, "send_logs", 16)
    assert (command.issuer, command.reason) == ("op", "看看现场")
    assert command.issued == round(NOW.timestamp() * 1000)
    assert command.not_after == command.issued + 24 * 3_600_000
    assert AuditEntry.objects.get(action="station.ordered").subject == double.id


def test_it_is_said_again_only_on_a_new_connection_and_not_after_its_answer(
    double: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    order = ordered(double)
    connect(double)
    look(worker)
    look(worker)
    assert len(commands(source)) == 1
    connect(double, b"m" * 16)
    look(worker)
    look(worker)
    assert [command.id for command in commands(source)] == [order.id.bytes] * 2
    source.waiting.append(double.add(answer(double, order, figures={"bytes": 3})).facts_message())
    look(worker)
    connect(double, b"o" * 16)
    look(worker)
    assert len(commands(source)) == 2
    order.refresh_from_db()
    assert (order.outcome, order.figures, order.answered_at) == ("done", {"bytes": 3}, NOW)


def test_a_crash_before_it_is_noted_sends_it_once_more(
    double: StationDouble, source: RecordingSource, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(double)
    connect(double)

    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr("server_broker.ingest.downlink.note_sent", crash)
        with pytest.raises(Crash):
            look(worker)
    look(worker)
    first, second = commands(source)
    assert first.id == second.id


@pytest.mark.parametrize("past", ["expired", "revoked", "other shard"])
def test_what_is_past_or_another_workers_is_not_sent(
    double: StationDouble, source: RecordingSource, worker: Worker, past: str
) -> None:
    order = ordered(double)
    connect(double)
    if past == "expired":
        StationOrder.objects.filter(pk=order.pk).update(not_after=NOW)
    else:
        change = {"revoked_at": NOW} if past == "revoked" else {"shard": 1}
        Station.objects.filter(pk=double.id).update(**change)
    look(worker)
    assert commands(source) == []


def test_the_first_answer_stands_and_only_from_the_station_itself(double: StationDouble) -> None:
    order = ordered(double)
    other = StationDouble(id="shili-02")
    other.enrol()
    processor = BatchProcessor(clock=lambda: NOW)
    processor.process_batch([other.add(answer(other, order, detail="forged")).facts_message()])
    order.refresh_from_db()
    assert order.answered_at is None
    told = [answer(double, order, detail="first"), answer(double, order, detail="second")]
    processor.process_batch([double.add(*told).facts_message()])
    processor.process_batch([double.add(answer(double, order, detail="third")).facts_message()])
    order.refresh_from_db()
    assert order.detail == "first"
    assert StationEvent.objects.filter(kind="command_result").count() == 4


def test_an_answer_to_no_order_is_kept_as_an_event(double: StationDouble) -> None:
    fact = CommandResult(at=moment(), command=secrets.token_bytes(16), outcome="refused", detail="expired")
    BatchProcessor(clock=lambda: NOW).process_batch([double.add(fact).facts_message()])
    assert StationEvent.objects.get().detail["outcome"] == "refused"


def test_no_more_than_a_few_may_be_open(double: StationDouble) -> None:
    for _ in range(MAX_OPEN):
        ordered(double)
    with pytest.raises(CommandRefused, match="没有答复"):
        ordered(double)
    StationOrder.objects.update(not_after=NOW)
    ordered(double)


def test_what_only_makes_sense_at_once_is_refused_for_a_station_that_is_away(double: StationDouble) -> None:
    with pytest.raises(CommandRefused, match="不在线"):
        ordered(double, "identify")
    Station.objects.update(revoked_at=NOW)
    with pytest.raises(CommandRefused, match="没有接入"):
        ordered(double)


# The page.


def post(client: Client, station: str, **values: str) -> str:
    answered = client.post(f"/stations/{station}/order/", values, follow=True)
    assert answered.status_code == 200
    return answered.content.decode()


def test_an_operator_gives_an_order_and_sees_what_became_of_it(county: FictionalCounty) -> None:
    client = signed_in(TOWNSHIP_OPERATOR)
    html = post(client, SHILI, order="restart_agent", why="程序不动了")
    assert "命令“重启程序”已记下" in html
    assert "等站点上线" in html
    order = StationOrder.objects.get()
    StationOrder.objects.update(
        answered_at=timezone.now(), outcome="failed", detail="interrupted: x", figures={"ahead_ms": -12}
    )
    html = client.get("/stations/shili-01/").content.decode()
    assert "没有完成" in html
    assert "不知是否做完" in html
    assert "-12 毫秒" in html
    StationOrder.objects.update(answered_at=None, not_after=timezone.now() - dt.timedelta(minutes=1))
    assert "过期未送达" in client.get("/stations/shili-01/").content.decode()
    assert order.issuer == TOWNSHIP_OPERATOR.username


@pytest.mark.parametrize(
    "values",
    [
        {"order": "restart_agent", "why": "短"},
        {"order": "open_the_door", "why": "理由充分"},
        {"order": "live_view", "why": "理由充分"},
        {"why": "理由充分"},
        {},
    ],
)
def test_a_form_that_says_too_little_gives_no_order(county: FictionalCounty, values: dict[str, str]) -> None:
    assert "没有下命令" in post(signed_in(OPERATOR), SHILI, **values)
    assert not StationOrder.objects.exists()


@pytest.mark.parametrize("role", [Role.OFFICER, Role.SYSTEM, Role.SECURITY, Role.AUDITOR])
def test_others_may_not(county: FictionalCounty, role: Role) -> None:
    client = signed_in(OF_THE_COUNTY[role])
    assert client.post("/stations/shili-01/order/", {"order": "snapshot", "why": "理由充分"}).status_code == 403
    assert client.get("/logs/1.txt").status_code == 403
    assert not StationOrder.objects.exists()


def test_another_township_s_station_is_absent(county: FictionalCounty) -> None:
    client = signed_in(TOWNSHIP_OPERATOR)
    assert client.post("/stations/yangban-01/order/", {"order": "snapshot", "why": "理由充分"}).status_code == 404
    assert client.get("/stations/yangban-01/order/", follow=True).status_code == 404


def test_orders_are_shown_to_those_alone_who_may_give_them(county: FictionalCounty) -> None:
    give_command(county.stations[SHILI], "snapshot", actor="op", reason="隐秘的理由", now=timezone.now())
    assert "隐秘的理由" in text_of(signed_in(OPERATOR), "/stations/shili-01/")
    assert "隐秘的理由" not in text_of(signed_in(COUNTY_OFFICER), "/stations/shili-01/")


def test_a_log_is_read_as_plain_text_and_the_reading_is_written_down(county: FictionalCounty) -> None:
    text = "<script>alert(1)</script> 日志".encode()
    digest = hashlib.sha256(text).digest()
    path = MediaFolder(settings.HOME.media).path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    station = add_station(county, "station-c", SHILI_VILLAGE)
    blob = snapshot(station, digest, size=len(text))
    picture = snapshot(station, b"p" * 32, size=9)
    type(blob).objects.filter(pk=blob.pk).update(purpose="log", viewable=False)
    client = signed_in(TOWNSHIP_OPERATOR)
    assert f"/logs/{blob.pk}.txt" in client.get("/stations/station-c/").content.decode()
    got = client.get(f"/logs/{blob.pk}.txt")
    assert (got.status_code, got.content, got["Content-Type"]) == (200, text, "text/plain; charset=utf-8")
    assert got["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in got["Content-Security-Policy"]
    assert AuditEntry.objects.get(action="log.seen").subject == "station-c"
    assert client.get(f"/logs/{picture.pk}.txt").status_code == 404
    path.unlink()
    assert client.get(f"/logs/{blob.pk}.txt").status_code == 410
