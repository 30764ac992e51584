"""The doctor finds what is broken, shows its code and its remedy on one screen, and changes nothing."""

import contextlib
import datetime as dt
import importlib.util
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.cli import main
from agent.config.station_config import load
from agent.doctor import asking
from agent.doctor.asking import ask_agent
from agent.doctor.devices import device_findings, examine_power
from agent.doctor.examine import Examination, examine
from agent.doctor.identity import examine_identity
from agent.doctor.problems import PROBLEMS, Finding, problem_finding
from agent.doctor.screen import COLUMNS, LINES, fitted, screen, width
from agent.drivers.county_probe import probe_endpoint
from agent.drivers.gpio_indicator import GpioIndicator
from agent.identity.station_identity import save_enrolment
from agent.ports import DeviceError
from agent.wiring import program
from agent.wiring.doctoring import doctor_tools
from agent.wiring.trial import contact_ready, indicator_ready, reader_ready
from protocol.health import DeviceHealth, DeviceKind, Health, Machine
from protocol.kiosk import Home, ToAgent, ToKiosk
from protocol.kiosk_status import LinkState, Status
from tests.agent.camera.socket_activation import activated
from tests.agent.station.station_process import StationProcess
from tests.agent.uplink.pki import START, Authority, Issued
from tests.agent.uplink.web import Web
from tests.fakes.agent_socket import FakeAgent
from tests.fakes.devices import FakeContact, FakeIndicator, FakeReader
from tests.fakes.enrolled import STATION, EnrolledStation, make_enrolled
from tests.integration.small_disk import SmallDisk

UID = "04A22B1C"
KINDS: tuple[DeviceKind, ...] = ("reader", "indicator", "camera", "input")


def codes(found: Examination | list[Finding]) -> set[int]:
    findings = found.findings if isinstance(found, Examination) else found
    return {one.code for one in findings if one.well is False}


def look(enrolled: EnrolledStation) -> Examination:
    config = load(enrolled.config)
    return examine(config, doctor_tools(config), software=program.software(), earliest_ms=1)


@pytest.fixture
def enrolled(folder: Path) -> EnrolledStation:
    return make_enrolled(folder / "station")


UNREACHABLE = {22}
"""A port on which nobody listens, for a county that is away."""


def test_a_station_at_rest(enrolled: EnrolledStation) -> None:
    found = look(enrolled)
    assert codes(found) == {41, *UNREACHABLE}
    assert {one.part for one in found.findings if one.well} >= {"配置", "身份", "证书", "时钟", "磁盘"}
    assert {one.says for one in found.findings} >= {"还没有记录", "simulated（模拟） 正常"}


def test_a_running_station_is_asked_and_not_disturbed(process: StationProcess) -> None:
    process.start()
    process.touch()
    found = look(process.enrolled)
    assert codes(found) == {26, 31, 44, *UNREACHABLE}
    said = {one.part: one.says for one in found.findings}
    assert re.match(r"没连上，[1-9]\d* 条记录、", said["上传"])
    assert said["读卡器"] == "simulated（模拟） 正常"
    assert process.touch()["colour"] == "amber"
    assert process.end(signal.SIGTERM) == 0


def test_what_the_machine_tells_is_judged(process: StationProcess) -> None:
    with process.enrolled.config.open("a", encoding="utf-8") as config:
        config.write('[machine]\ndriver = "simulated"\n')
    ill = {"undervoltage": "now", "temperature_c": 88, "card": "emmc", "card_end": "urgent"}
    (process.folder / "machine.json").write_text(json.dumps(ill), encoding="utf-8")
    assert codes(look(process.enrolled)) == {41, 55, 71, 72, *UNREACHABLE}
    process.start()
    until = time.monotonic() + 30
    # Only a running agent knows of the lost link (26). While it is too busy to answer, the doctor looks by itself.
    while not {26, 71} <= codes(found := look(process.enrolled)):
        assert time.monotonic() < until
    assert codes(found) == {26, 31, 44, 55, 71, 72, *UNREACHABLE}


def test_a_reader_that_is_not_there(folder: Path) -> None:
    enrolled = make_enrolled(folder / "station", readers=("simulated", "pcsc"))
    text = enrolled.config.read_text(encoding="utf-8")
    named = text.replace('driver = "pcsc"', 'driver = "pcsc"\npcsc_name = "there is none of this name"')
    enrolled.config.write_text(named, encoding="utf-8")
    # In a process of its own: libpcsclite remembers for good where it first looked for pcscd.
    command = [sys.executable, "-m", "agent.cli", "doctor", "--json", "--config", str(enrolled.config)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    findings = json.loads(done.stdout)["findings"]
    assert {one["code"] for one in findings if one["well"] is False} == {41, 61, *UNREACHABLE}
    assert "pcsc 用不了" in {one["says"] for one in findings}


def gone(*_: object) -> Any:
    raise DeviceError("unplugged")


def test_a_reader_is_let_go_after_a_trial() -> None:
    reader = FakeReader()
    assert reader_ready(lambda: reader)
    reader.present("04a1b2c3")
    assert not reader_ready(gone)


def test_a_lamp_is_tried_and_not_lit() -> None:
    lamp = FakeIndicator()
    assert indicator_ready(lambda: lamp)
    assert lamp.shown == []
    assert not lamp.ready
    assert not indicator_ready(gone)
    # A lamp on pins is made also where its pins can't be had, and says so.
    assert not indicator_ready(lambda: GpioIndicator(green=17, amber=27, red=22, pins=gone))


def test_an_input_is_tried_and_let_go() -> None:
    contact = FakeContact()
    assert contact_ready(lambda: contact)
    contact.switch(True)
    assert not contact_ready(lambda: FakeContact(broken=True))
    assert not contact_ready(gone)


def test_every_device_at_rest_is_tried_and_simulated_ones_are_called_so(enrolled: EnrolledStation) -> None:
    text = enrolled.config.read_text(encoding="utf-8").replace('[camera]\ndriver = "none"', '[camera]\ndriver = "v4l2"')
    more = '[[input]]\nname = "大门"\nkind = "door"\ndriver = "simulated"\nsocket = "door.sock"\n'
    enrolled.config.write_text(f"{text}\n{more}", encoding="utf-8")
    config = load(enrolled.config)
    tools = doctor_tools(config)
    for trial, code in (("well", set()), ("failed", {63}), ("black", {65}), ("covered", {65})):
        object.__setattr__(tools, "camera", lambda trial=trial: trial)
        found = examine(config, tools, software="x", earliest_ms=1)
        assert codes(found) == {41, *code, *UNREACHABLE}
        assert "大门（模拟） 正常" in {one.says for one in found.findings}
    object.__setattr__(tools, "contact", lambda _: False)
    object.__setattr__(tools, "indicator", lambda: False)
    assert codes(examine(config, tools, software="x", earliest_ms=1)) == {41, 62, 64, 65, *UNREACHABLE}


def test_a_camera_that_is_not_there(enrolled: EnrolledStation, caplog: pytest.LogCaptureFixture) -> None:
    chosen = '[camera]\ndriver = "v4l2"\ndevice = "/dev/video250"'
    text = enrolled.config.read_text(encoding="utf-8").replace('[camera]\ndriver = "none"', chosen)
    enrolled.config.write_text(text, encoding="utf-8")
    found = look(enrolled)
    assert codes(found) == {41, 63, *UNREACHABLE}
    assert "v4l2 用不了" in {one.says for one in found.findings}
    assert "there is no /dev/video250" in caplog.text
    assert not (enrolled.folder / "camera-spool").exists()


@pytest.mark.parametrize(("program", "code"), [("agent.camera.camera_process", set()), ("no_such_program", {63})])
def test_a_camera_that_the_system_serves_takes_a_picture(
    enrolled: EnrolledStation, program: str, code: set[int]
) -> None:
    text = enrolled.config.read_text(encoding="utf-8")
    served = '[camera]\ndriver = "simulated"\nsocket = "camera.sock"'
    enrolled.config.write_text(text.replace('[camera]\ndriver = "none"', served), encoding="utf-8")
    with activated(enrolled.folder / "camera.sock", sys.executable, "-m", program):
        assert codes(look(enrolled)) == {41, *code, *UNREACHABLE}


def test_the_screen_is_alone_on_the_terminal(enrolled: EnrolledStation) -> None:
    text = enrolled.config.read_text(encoding="utf-8").replace('[camera]\ndriver = "none"', '[camera]\ndriver = "v4l2"')
    enrolled.config.write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "agent.cli", "doctor", "--config", str(enrolled.config)]
    assert subprocess.run(command, capture_output=True, timeout=60).stderr == b""
    assert b"no picture" in subprocess.run([*command, "--json"], capture_output=True, timeout=60).stderr


def test_a_camera_that_took_no_picture_yet_is_not_called_well(process: StationProcess) -> None:
    process.start()
    camera = [one for one in look(process.enrolled).findings if one.part == "摄像头"]
    assert [(one.well, one.says) for one in camera] == [(None, "simulated（模拟） 还没拍过照片，好不好不知道")]
    process.touch()
    until = time.monotonic() + 30
    while not any(one.part == "摄像头" and one.well for one in look(process.enrolled).findings):
        assert time.monotonic() < until, "the picture of the touch does not count"


def test_a_working_pin_does_not_mean_that_its_device_is_well() -> None:
    said = [one.says for one in device_findings([DeviceHealth(name="gpio", kind=kind, ready=True) for kind in KINDS])]
    assert said == ["gpio 正常", "gpio 引脚正常，灯亮不亮要刷卡看", "gpio 正常", "gpio 引脚正常，线接没接好要动一次看"]


def test_a_library_that_is_not_installed_is_named_and_no_wire_is_blamed(enrolled: EnrolledStation) -> None:
    assert importlib.util.find_spec("lgpio") is None
    text = enrolled.config.read_text(encoding="utf-8")
    pins = 'driver = "gpio"\ngreen = 17\namber = 27\nred = 22\n'
    enrolled.config.write_text(
        re.sub(r'(?<=\[indicator\]\n)driver = "simulated"\n(socket.*\n)?', pins, text), encoding="utf-8"
    )
    found = look(enrolled)
    assert codes(found) == {41, 66, *UNREACHABLE}
    (lamp,) = [one for one in found.findings if one.code == 66]
    assert lamp.says == "gpio 用不了，少装了 lgpio"
    assert "install --reinstall cunhui-station" in lamp.remedy


def test_each_kind_of_device_has_its_code() -> None:
    broken = [DeviceHealth(name="x", kind=kind, ready=False) for kind in KINDS]
    assert codes(device_findings(broken)) == {61, 62, 63, 64}
    well = device_findings([DeviceHealth(name=name, kind="reader", ready=True) for name in ("门口", "侧门")])
    assert [one.says for one in well] == ["门口、侧门 正常"]


def test_a_board_that_reports_no_voltage_has_an_unknown_supply() -> None:
    assert [(one.part, one.well) for one in examine_power(Machine())] == [("供电", None)]


# Identity


def test_a_station_that_was_never_enrolled(enrolled: EnrolledStation) -> None:
    (enrolled.folder / "enrolled.json").unlink()
    found = look(enrolled)
    assert codes(found) == {12, *UNREACHABLE}
    assert [one.part for one in found.findings] == ["配置", "身份", "县里网页", "其余"]


def test_before_there_is_a_folder_nothing_that_will_be_made_is_called_broken(enrolled: EnrolledStation) -> None:
    text = enrolled.config.read_text(encoding="utf-8")
    text = text.replace('folder = "."', 'folder = "card"').replace("ca.pem", str(enrolled.folder / "ca.pem"))
    enrolled.config.write_text(text, encoding="utf-8")
    found = look(enrolled)
    assert codes(found) == {12, *UNREACHABLE}
    assert f"还没有接入县里，文件夹 {enrolled.folder / 'card'} 也还没有" in {one.says for one in found.findings}


@pytest.mark.parametrize("name", ["record-key.pem", "tls-key.pem", "certificate.pem", "enrolled.json"])
def test_a_damaged_identity_is_reported_and_not_changed(enrolled: EnrolledStation, name: str) -> None:
    if name == "certificate.pem":
        (enrolled.folder / name).unlink()
    else:
        (enrolled.folder / name).write_bytes(b"rubbish")
    before = {path.name: path.read_bytes() for path in enrolled.folder.iterdir()}
    assert 13 in codes(look(enrolled))
    assert {path.name: path.read_bytes() for path in enrolled.folder.iterdir()} == before


def test_without_permission_nobody_is_advised_to_enrol_again(enrolled: EnrolledStation) -> None:
    mine = os.geteuid()
    enrolled.folder.chmod(0)
    if mine == 0:
        os.seteuid(65_534)
    try:
        findings = examine_identity(enrolled.folder, now=dt.datetime.now(dt.UTC)).findings
    finally:
        os.seteuid(mine)
        enrolled.folder.chmod(0o700)
    assert codes(findings) == {13}


@pytest.mark.parametrize(("days", "code"), [(0, set()), (59, set()), (61, {15}), (91, {14})])
def test_days_of_the_certificate(enrolled: EnrolledStation, days: int, code: set[int]) -> None:
    now = dt.datetime.now(dt.UTC) + dt.timedelta(days=days)
    assert codes(examine_identity(enrolled.folder, now=now).findings) == code


# The county


@pytest.fixture
def authority(folder: Path) -> Authority:
    return Authority(folder / "pki")


@contextlib.contextmanager
def endpoint(issued: Issued, ca: Path) -> Iterator[int]:
    """A TLS server that accepts certificates of ``ca`` and then waits for the client to speak, as a broker does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(issued.certificate, issued.key)
    context.load_verify_locations(ca)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, context))
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    sock, _ = listener.accept()
    sock.settimeout(20)
    with sock, contextlib.suppress(OSError), context.wrap_socket(sock, server_side=True) as secured:
        secured.recv(1)


def test_a_county_that_is_well(authority: Authority) -> None:
    web = Web(lambda *_: (200, {}, b""), authority.issue("web", host="127.0.0.1"))
    port = int(web.url.rpartition(":")[2])
    assert probe_endpoint("127.0.0.1", port, authority.ca_file, None) == ""
    web.close()


def test_a_broker_judges_our_certificate(authority: Authority, folder: Path) -> None:
    broker, own = authority.issue("broker", host="127.0.0.1"), authority.issue("test-0001")
    with endpoint(broker, authority.ca_file) as port:
        assert probe_endpoint("127.0.0.1", port, authority.ca_file, (own.certificate, own.key)) == ""
    other = Authority(folder / "other", "other")
    with endpoint(broker, other.ca_file) as port:
        assert probe_endpoint("127.0.0.1", port, authority.ca_file, (own.certificate, own.key)) == "refused"


def test_troubles_on_the_way(authority: Authority, folder: Path) -> None:
    assert probe_endpoint("a..b", 443, authority.ca_file, None) == "name"
    assert probe_endpoint("127.0.0.1", 9, authority.ca_file, None) == "away"
    assert probe_endpoint("127.0.0.1", 9, folder / "no-ca.pem", None) == "stranger"
    for issued, expected in (
        (Authority(folder / "other", "other").issue("web", host="127.0.0.1"), "stranger"),
        (authority.issue("elsewhere", host="127.0.0.2"), "stranger"),
        (authority.issue("old", host="127.0.0.1", end=START + dt.timedelta(days=1)), "dates"),
    ):
        web = Web(lambda *_: (200, {}, b""), issued)
        assert probe_endpoint("127.0.0.1", int(web.url.rpartition(":")[2]), authority.ca_file, None) == expected
        web.close()


def test_a_peer_without_tls_is_a_stranger(authority: Authority) -> None:
    def answer(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock:
            sock.sendall(b"HTTP/1.0 302 Found\r\nLocation: http://portal.example/\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        assert probe_endpoint("127.0.0.1", listener.getsockname()[1], authority.ca_file, None) == "stranger"
        thread.join(10)


@pytest.mark.parametrize(
    ("trouble", "code"), [("name", 21), ("away", 22), ("stranger", 23), ("dates", 24), ("refused", 25)]
)
def test_each_trouble_has_its_code(enrolled: EnrolledStation, trouble: str, code: int) -> None:
    config = load(enrolled.config)
    tools = doctor_tools(config)
    object.__setattr__(tools, "probe_endpoint", lambda *_: trouble)
    found = examine(config, tools, software="x", earliest_ms=1)
    assert codes(found) == {41, code}


def test_one_port_of_the_broker_is_enough(enrolled: EnrolledStation) -> None:
    answer = json.loads((enrolled.folder / "enrolled.json").read_text())
    answer["broker"]["fallback_port"] = 443
    (enrolled.folder / "enrolled.json").write_text(json.dumps(answer))
    config = load(enrolled.config)
    tools = doctor_tools(config)
    object.__setattr__(tools, "probe_endpoint", lambda _host, port, _ca, own: "away" if own and port == 9 else "")
    found = examine(config, tools, software="x", earliest_ms=1)
    assert codes(found) == {41}
    assert "127.0.0.1:443 通（备用）" in {one.says for one in found.findings}
    object.__setattr__(tools, "probe_endpoint", lambda _host, _port, _ca, own: "away" if own else "")
    assert codes(examine(config, tools, software="x", earliest_ms=1)) == {41, 27}


# The program


def test_a_clock_before_the_programs_time(enrolled: EnrolledStation) -> None:
    config = load(enrolled.config)
    found = examine(config, doctor_tools(config), software="x", earliest_ms=2**60)
    assert 31 in codes(found)


def test_an_agent_that_does_not_answer(enrolled: EnrolledStation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "WITHIN_S", 0.3)
    monkeypatch.setattr(asking.ask_agent, "__kwdefaults__", {"within_s": 0.3})
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(enrolled.folder / "kiosk.sock"))
        listener.listen()
        found = look(enrolled)
    assert codes(found) == {42, *UNREACHABLE}
    assert "程序占着，没有检查" in {one.says for one in found.findings}


@pytest.mark.parametrize("rubbish", [b"", b"\n", b"{}\n", b"\xff\xfe\n", b"x" * 200_000, b'{"type":"sorry"}\n' * 300])
def test_rubbish_on_the_socket_is_no_status(folder: Path, rubbish: bytes) -> None:
    def answer(listener: socket.socket) -> None:
        sock, _ = listener.accept()
        with sock, contextlib.suppress(OSError):
            sock.sendall(rubbish)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "kiosk.sock"))
        listener.listen()
        thread = threading.Thread(target=answer, args=(listener,))
        thread.start()
        assert ask_agent(folder / "kiosk.sock", within_s=10) == "silent"
        thread.join(10)


def test_a_socket_that_is_not_ours_to_ask(folder: Path) -> None:
    path = folder / "kiosk.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        path.chmod(0)
        mine = os.geteuid()
        if mine == 0:
            os.seteuid(65_534)
        try:
            assert ask_agent(path) == "denied"
        finally:
            os.seteuid(mine)


HOME = Home(
    station=STATION,
    station_name="",
    village="",
    wall=0,
    quality="synced",
    link="connected",
    waiting=0,
    reader_ready=True,
    simulated=[],
    duty=[],
)
STATUS = Status(
    station=STATION,
    wall=1_795_507_200_123,
    quality="synced",
    link="connected",
    software="cunhui-agent 0.0.1",
    waiting=0,
    blobs_waiting=2,
    disk_free_kib=9_000_000,
    resident_kib=45_000,
    health=Health(
        machine=Machine(undervoltage="earlier", temperature_c=51),
        devices=[DeviceHealth(name="门口", kind="reader", ready=True)],
    ),
    month_bytes=212_000_000,
    screen=True,
)


def asked(enrolled: EnrolledStation, status: Status) -> Examination:
    def answers(_: ToAgent) -> list[ToKiosk]:
        return [status]

    with FakeAgent(enrolled.folder / "kiosk.sock", HOME, answers):
        return look(enrolled)


def test_everything_well_but_the_way(enrolled: EnrolledStation) -> None:
    found = asked(enrolled, STATUS)
    assert codes(found) == UNREACHABLE
    said = {one.part: one.says for one in found.findings}
    assert said["供电"] == "现在正常，开机后曾经不足"
    assert said["时钟"] == "已校时，11-24 16:00"
    assert "新装的是" in said["站点程序"]


def test_what_a_running_agent_says_is_judged(enrolled: EnrolledStation) -> None:
    ill = msgspec.structs.replace(
        STATUS,
        link="offline",
        quality="restored",
        disk_free_kib=1,
        saving=["blobs"],
        screen=False,
        health=Health(
            machine=Machine(undervoltage="now", temperature_c=90, card="emmc", card_worn_percent=110),
            devices=[DeviceHealth(name="x", kind=kind, ready=False) for kind in KINDS],
        ),
    )
    assert codes(asked(enrolled, ill)) == {26, 31, 44, 54, 55, 61, 62, 63, 64, 71, 72, 81, *UNREACHABLE}


def test_a_machine_that_the_county_refuses_is_told_so_and_not_to_wait(enrolled: EnrolledStation) -> None:
    refused = msgspec.structs.replace(STATUS, link="offline", county_refuses=True)
    assert codes(asked(enrolled, refused)) == {25, *UNREACHABLE}
    # A new code would throw out the machine that has taken this one's place.
    assert PROBLEMS[25].remedy.index("换了新机器") < PROBLEMS[25].remedy.index("新码")


@pytest.mark.parametrize("link", ["connected", "offline"])
def test_a_machine_whose_identity_another_one_has_sends_nobody_to_its_line(
    enrolled: EnrolledStation, link: LinkState
) -> None:
    shared = msgspec.structs.replace(STATUS, link=link, identity_shared=True)
    assert codes(asked(enrolled, shared)) == {28, *UNREACHABLE}


@pytest.mark.parametrize("untold", [True, False])
def test_a_station_that_is_connected_and_does_not_know_the_time_sends_nobody_to_its_line(
    enrolled: EnrolledStation, untold: bool
) -> None:
    found = asked(enrolled, msgspec.structs.replace(STATUS, quality="unknown", county_untold=untold))
    assert codes(found) == {32, *UNREACHABLE}
    [said] = [one for one in found.findings if one.code == 32]
    assert ("县里说它自己还不知道时间" in said.says) == untold
    assert "已连上县里" in said.says
    assert "县里的管理员" in said.remedy
    assert "连上网" not in said.remedy


# The outbox and the disk


def test_an_outbox_at_rest_is_counted_and_not_changed(process: StationProcess) -> None:
    process.start()
    process.touch()
    assert process.end(signal.SIGTERM) == 0
    before = (process.folder / "outbox.db").read_bytes()
    says = {one.part: one.says for one in look(process.enrolled).findings}
    assert (process.folder / "outbox.db").read_bytes() == before
    assert says["记录文件"] == f"完好，{len(process.facts())} 条等待上传"


def test_records_of_another_number_are_no_damaged_ones(process: StationProcess) -> None:
    process.start()
    assert process.end(signal.SIGTERM) == 0
    save_enrolment(process.folder, msgspec.structs.replace(process.enrolled.identity.enrolled, station="test-0002"))
    found = look(process.enrolled)
    assert codes(found) == {41, 53, *UNREACHABLE}
    assert {one.says for one in found.findings if one.code == 53} == {f"记录文件是站点 {STATION} 的，本站是 test-0002"}


def test_a_damaged_outbox(process: StationProcess) -> None:
    process.start()
    assert process.end(signal.SIGTERM) == 0
    path = process.folder / "outbox.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    damaged = path.read_bytes()
    assert codes(look(process.enrolled)) == {41, 51, *UNREACHABLE}
    assert path.read_bytes() == damaged
    assert sorted(one.name for one in process.folder.glob("outbox*")) in (["outbox.db"], ["outbox.db", "outbox.db-wal"])


def test_an_outbox_that_another_process_holds(process: StationProcess) -> None:
    process.start()
    (process.folder / "kiosk.sock").unlink()
    found = look(process.enrolled)
    assert codes(found) == {41, 52, *UNREACHABLE}
    assert process.touch()["colour"] == "amber"


def test_a_disk_that_is_short(folder: Path) -> None:
    with SmallDisk(folder / "station", megabytes=8) as disk:
        enrolled = make_enrolled(folder / "station")
        with disk.full():
            assert codes(look(enrolled)) == {41, 54, *UNREACHABLE}
        assert codes(look(enrolled)) == {41, *UNREACHABLE}


# The screen and the command


def test_the_command_tells_people_and_programs(enrolled: EnrolledStation, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config", str(enrolled.config)]) == 1
    shown = capsys.readouterr().out
    assert "× 站点程序  站点程序没有运行  代码 41" in shown
    assert shown.splitlines()[-1] == "有 3 处不正常，请把代码报给县里：41、22"
    assert len(shown.splitlines()) <= LINES
    assert main(["doctor", "--config", str(enrolled.config), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["name"], report["station"], report["well"]) == ("doctor", STATION, False)
    (program,) = [one for one in report["findings"] if one["code"] == 41]
    assert program["remedy"] == PROBLEMS[41].remedy


def test_a_bad_configuration_is_a_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = folder / "station.toml"
    for content, says in (("[station]\nfoldr = 3\n", "处错误"), (None, "读不到配置文件")):
        file.unlink(missing_ok=True)
        if content is not None:
            file.write_text(content)
        assert main(["doctor", "--config", str(file)]) == 1
        shown = capsys.readouterr().out
        assert "代码 11" in shown
        assert says in shown


def test_all_well_ends_with_0(enrolled: EnrolledStation, capsys: pytest.CaptureFixture[str]) -> None:
    assert screen("村慧站点自检", [Finding("配置", "没有错误")]).splitlines()[-1] == "全部正常。"
    assert Examination("", [Finding("配置", ""), Finding("供电", "未知", well=None)]).well


def test_whatever_is_wrong_fits_one_screen_with_every_code() -> None:
    findings = [problem_finding("读卡器", code, "很长的说明" * 30) for code in PROBLEMS][: LINES - 2]
    for count in range(1, LINES - 1):
        shown = screen("村慧站点自检 " + "x" * 100, [*findings[:count], *[Finding("磁盘", "剩余")] * 12]).splitlines()
        assert len(shown) <= LINES
        assert all(width(line) <= COLUMNS for line in shown)
        for code in list(PROBLEMS)[:count]:
            assert any(line.endswith(f"代码 {code}") for line in shown)


def test_widths() -> None:
    assert width("√ 磁盘 a") == 8
    assert fitted("磁盘剩余", 8) == "磁盘剩余"
    assert fitted("磁盘剩余很多", 8) == "磁盘剩…"


def test_remedies_are_one_sentence_that_fits_its_line() -> None:
    for code, problem in PROBLEMS.items():
        assert 10 <= code <= 99
        assert width(f"    处理：{problem.remedy}") <= COLUMNS
        assert problem.remedy.endswith("。")
        assert problem.remedy.count("。") == 1


GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "装机手册-自检.md"


def test_the_technicians_guide_has_every_code() -> None:
    rows = re.findall(r"^\| (\d\d) \| (.+?) \| (.+?) \|$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {int(code): (title, remedy) for code, title, remedy in rows} == {
        code: (problem.title, problem.remedy) for code, problem in PROBLEMS.items()
    }


@pytest.mark.parametrize(
    ("uid", "printed", "code", "says"),
    [
        (UID, "472621572", 0, 'format = "decimal_reversed"'),
        (UID, "0077736732", 0, 'format = "8H10D"（decimal 也一样）'),
        ("F4A22B1C", "4104268572", 0, 'format = "decimal"（8H10D 也一样）'),
        (UID, "1C2BA204", 0, 'format = "hex_reversed"'),
        (UID, "12345", 1, "对不上"),
        (UID, "", 1, "没有读到号码"),
        ("张三", "12345", 1, "不是卡号"),
    ],
)
def test_the_form_that_a_reader_prints_is_found(uid: str, printed: str, code: int, says: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", "doctor", "--config", "none.toml", "--card", uid],
        input=printed + "\n",
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, says in done.stdout) == (code, True), done.stdout + done.stderr
