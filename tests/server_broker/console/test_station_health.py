"""What a station says of its health: kept as it was said last, shown in words, with what a person does about it."""

from typing import Any, get_args

import msgspec
import pytest
from django.utils import timezone

from protocol.alarm_codes import CARDS_UNREADABLE, STATION_ALARMS, code_of
from protocol.facts import LiveEnd
from protocol.health import DeviceHealth, Health, Machine
from protocol.refusal import Reason
from protocol.result_reasons import RESULT_REASONS
from protocol.twin import ShelfReason
from server_broker.bundles.models import Bundle
from server_broker.bundles.spread import At
from server_broker.console.health import readings, worst
from server_broker.console.shelf_words import SHELF_REASONS
from server_broker.console.templatetags.console import shelf_reason
from server_broker.console.words import ALARMS, COMMAND_REASONS, REMEDIES, alarm_name
from server_broker.fleet import health
from server_broker.fleet.models import Station, StationStatus
from server_broker.ingest.batch import BatchProcessor
from tests.cast import OPERATOR, SHILI
from tests.server_broker.county import alarm, make_county, signed_in
from tests.server_broker.pages import text_of
from tests.server_broker.station_double import StationDouble

pytestmark = pytest.mark.django_db

WELL = Health(
    machine=Machine(
        model="Raspberry Pi 3 Model B", temperature_c=50, undervoltage="no", card="sd", link="modem", signal_percent=60
    ),
    devices=[DeviceHealth(name="pcsc", kind="reader", ready=True)],
    boot_reason="ordered",
)


def status_of(said: Health | None, **values: Any) -> StationStatus:
    values = {"disk_free_kib": 4_000_000, "month_bytes": 12_345_678, "saving": [], **values}
    return StationStatus(health=None if said is None else health.kept(said), **values)


def words(status: StationStatus) -> dict[str, tuple[str, str, str]]:
    return {one.title: (one.word.tone, one.word.word, one.remedy) for one in readings(status)}


def machine(**values: Any) -> Health:
    return msgspec.structs.replace(WELL, machine=msgspec.structs.replace(WELL.machine, **values))


@pytest.mark.parametrize(
    ("said", "title", "tone", "word"),
    [
        (machine(temperature_c=70), "温度", "good", "70 °C"),
        (machine(temperature_c=75), "温度", "warn", "偏热 75 °C"),
        (machine(temperature_c=80), "温度", "bad", "过热 80 °C"),
        (machine(temperature_c=None), "温度", "quiet", "本机不报告"),
        (machine(undervoltage="now"), "供电", "bad", "电压不足"),
        (machine(undervoltage="earlier"), "供电", "warn", "曾经电压不足"),
        (machine(undervoltage=None), "供电", "quiet", "本机不报告"),
        (WELL, "存储卡", "quiet", "未知"),
        (machine(card=None), "存储卡", "quiet", "本机不报告"),
        # No look at the machine has succeeded yet, so nothing is known of what it reports.
        (Health(), "温度", "quiet", "未知"),
        (Health(), "供电", "quiet", "未知"),
        (Health(), "存储卡", "quiet", "未知"),
        (machine(card="emmc", card_worn_percent=30, card_end="normal"), "存储卡", "good", "已用约 30 %"),
        (machine(card="emmc", card_worn_percent=80), "存储卡", "warn", "已用约 80 %"),
        (machine(card="emmc", card_worn_percent=100), "存储卡", "bad", "快到寿命"),
        (machine(card="emmc", card_end="urgent"), "存储卡", "bad", "快到寿命"),
        (machine(memory_free_kib=30_000), "空闲内存", "warn", "29 MB"),
        (machine(memory_free_kib=600_000), "空闲内存", "good", "586 MB"),
        (machine(signal_percent=10), "网络", "warn", "4G 信号弱 10 %"),
        (machine(link="ethernet", signal_percent=None), "网络", "good", "网线"),
        (machine(link=None), "网络", "quiet", "未知"),
        (msgspec.structs.replace(WELL, boot_reason="abrupt"), "上次启动", "warn", "断电或死机后启动"),
        (msgspec.structs.replace(WELL, boot_reason=None), "上次启动", "quiet", "未知"),
    ],
)
def test_each_value_has_its_word(said: Health, title: str, tone: str, word: str) -> None:
    assert words(status_of(said))[title][:2] == (tone, word)


@pytest.mark.parametrize(
    ("card", "written_kib", "up_s", "note"),
    [
        ({}, None, None, "SD 卡不报告寿命"),
        ({}, 61_440, 2 * 86_400, "SD 卡不报告寿命，平均每天写入 30 MB"),
        ({}, 61_440, 600, "SD 卡不报告寿命"),
        ({"card": "emmc", "card_worn_percent": 30}, 61_440, 86_400, "写入寿命，平均每天写入 60 MB"),
        ({"card": None}, 61_440, 86_400, ""),
        ({"card": "emmc", "card_end": "urgent"}, 61_440, 86_400, "平均每天写入 60 MB"),
    ],
)
def test_how_fast_a_card_is_written_to(
    card: dict[str, Any], written_kib: int | None, up_s: int | None, note: str
) -> None:
    said = msgspec.structs.replace(machine(**card), disk_written_kib=written_kib, up_s=up_s)
    (shown,) = [one for one in readings(status_of(said)) if one.title == "存储卡"]
    assert shown.note == note


def test_whatever_is_bad_says_what_to_do() -> None:
    ill = Health(
        machine=Machine(temperature_c=90, undervoltage="now", card="emmc", card_end="urgent", memory_free_kib=1),
        devices=[DeviceHealth(name="x", kind=kind, ready=False) for kind in ("reader", "camera", "indicator", "input")],
        boot_reason="power_fault",
    )
    found = readings(status_of(ill, disk_free_kib=10, saving=["blobs", "unheard-of"]))
    problem_finding = [one for one in found if one.word.tone in ("warn", "bad")]
    assert len(problem_finding) == 11
    assert all(one.remedy.endswith("。") for one in problem_finding)


def test_the_worst_is_one_word() -> None:
    assert worst(status_of(WELL)).word == "正常"
    assert worst(status_of(machine(temperature_c=75, undervoltage="now"))).word == "电压不足"
    broken = msgspec.structs.replace(WELL, devices=[DeviceHealth(name="门口", kind="reader", ready=False)])
    assert worst(status_of(broken)).word == "读卡器不可用"
    assert (worst(status_of(None)).word, worst(None).word) == ("未知", "未知")


def test_what_this_version_can_not_read_is_shown_as_nothing() -> None:
    assert readings(StationStatus(health={"machine": {"temperature_c": "hot"}})) == []
    assert readings(StationStatus(health=["x"])) == []


def test_it_is_kept_until_it_is_said_anew(station: StationDouble, processor: BatchProcessor) -> None:
    processor.process_batch([station.vitals(health=WELL, month_bytes=5, month_forecast_bytes=7, saving=["blobs"])])
    processor.process_batch([station.vitals()])
    status = StationStatus.objects.get(pk=station.id)
    assert health.read(status.health) == WELL
    assert status.health_at is not None
    assert (status.month_bytes, status.saving) == (None, [])
    processor.process_batch([station.vitals(health=machine(undervoltage="now"))])
    assert words(StationStatus.objects.get(pk=station.id))["供电"][1] == "电压不足"


def test_no_value_is_too_much_for_the_database(station: StationDouble, processor: BatchProcessor) -> None:
    said = machine(model="a\x00b", memory_kib=2**53 - 1)
    processor.process_batch([station.vitals(health=said, month_bytes=2**63, month_forecast_bytes=2**64 - 1)])
    status = StationStatus.objects.get(pk=station.id)
    assert status.month_bytes == 2**63 - 1
    assert words(status)["主机"][1] == "a�b"


def test_the_pages_say_what_is_wrong_and_what_to_do() -> None:
    county = make_county()
    StationStatus.objects.filter(pk=SHILI).update(
        health=health.kept(machine(undervoltage="now", model="<script>")), health_at=timezone.now()
    )
    alarm(county.stations[SHILI], code="undervoltage", severity="major", detail="供电电压低于主板的要求")
    page = signed_in(OPERATOR)
    shown = text_of(page, "/stations/shili-01/")
    assert "电压不足" in shown
    assert shown.count(REMEDIES["undervoltage"]) == 2
    assert "&lt;script&gt;" in shown
    assert "电压不足" in text_of(page, "/")
    assert REMEDIES["undervoltage"] in text_of(page, "/alarms/")
    assert 'id="health-title"' in shown
    assert 'id="health-title"' not in text_of(page, "/stations/yangban-01/")


def test_every_remedy_belongs_to_an_alarm_that_has_a_name() -> None:
    assert REMEDIES.keys() <= ALARMS.keys()


def test_every_alarm_of_a_station_has_a_name() -> None:
    assert STATION_ALARMS - ALARMS.keys() == set()
    assert alarm_name(code_of(CARDS_UNREADABLE, "门口")) == "读卡器接连读不出卡"


def test_every_reason_for_which_a_command_is_not_carried_out_has_a_word() -> None:
    assert (RESULT_REASONS | {*get_args(LiveEnd.__value__)}) - COMMAND_REASONS.keys() == set()


def test_every_reason_for_which_a_bundle_is_not_on_the_shelf_has_a_word() -> None:
    of_content = {
        "malformed",
        "too_large",
        "unknown_version",
        "unknown_algorithm",
        "unknown_kind",
        "unknown_value",
        "unknown_key",
        "bad_signature",
        "wrong_hash",
        "wrong_station",
        "wrong_audience",
        "older_version",
    }
    assert of_content <= {*get_args(Reason.__value__)}
    assert SHELF_REASONS.keys() == of_content | {*get_args(ShelfReason.__value__)}


def test_a_reason_of_a_later_release_is_told_in_chinese_with_its_code() -> None:
    at = At(station=Station(), bundle=Bundle(), state="refused", reason="of_later")
    assert shelf_reason(at) == "站点没有收，代码 of_later"


def test_a_device_without_a_name_of_its_own_is_not_called_by_its_driver() -> None:
    devices = [
        DeviceHealth(name=name, kind="reader", ready=True) for name in ("pcsc", "em4100_serial", "simulated", "大门")
    ]
    shown = [one.title for one in readings(status_of(msgspec.structs.replace(WELL, devices=devices)))][:4]
    assert shown == ["读卡器 USB（PC/SC）", "读卡器 串口（EM4100）", "读卡器", "读卡器 大门"]


def test_a_camera_that_took_no_picture_yet_is_not_called_well() -> None:
    camera = DeviceHealth(name="v4l2", kind="camera", ready=True)
    for untried, tone, word in ((True, "quiet", "还没用过"), (False, "good", "正常")):
        said = msgspec.structs.replace(WELL, devices=[camera], camera_untried=untried)
        assert words(status_of(said))["摄像头 USB"] == (tone, word, "")
        assert worst(status_of(said)).word == "正常"
