"""``cunhui-agent setup``: from an installed package to a station, whatever is answered and wherever it stops."""

import signal
import stat
from pathlib import Path

import pytest

from agent.cli import EXIT_FAILED, main
from agent.config.station_config import load
from agent.identity.enrolment import CountyRefused, CountyUnreachable
from agent.setup import devices, setting_up
from agent.setup.conversation import SetupRefused
from agent.setup.ports import FoundDevice
from agent.setup.setting_up import AGENT, KIOSK, UPDATES, Wishes, set_up
from protocol.claim_file import spoken_fingerprint
from tests.fakes.bare_machine import CLAIM, PCSC, URL, WEDGE, BareMachine
from tests.fakes.devices import FakeIndicator
from tests.fakes.enrolled import make_enrolled

NO_MORE = "n"
OTHER = "https://other.example:8443"
REFUSED = CountyRefused("claim_refused", "接入码不对、已用过或已过期，请向县里要新的接入码")
DEVICES = """\
[[reader]]
driver = "simulated"
[indicator]
driver = "simulated"
[camera]
driver = "none"
"""


@pytest.fixture
def machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> BareMachine:
    monkeypatch.setattr(devices, "CARD_WITHIN_S", 0.01)  # a card that comes is there at once
    return BareMachine(folder)


def test_a_claim_file_and_one_card_make_a_station(machine: BareMachine) -> None:
    wishes = Wishes(claim_file=machine.claim_file())
    assert set_up(machine.place, wishes, machine.tools(), machine.talk(NO_MORE))
    config = load(machine.place.config, with_files=True)
    assert config.county_url == URL
    assert [one.driver for one in config.readers] == ["pcsc"]
    assert machine.claims == [CLAIM]
    assert machine.units == [f"{act} {unit}" for unit in (AGENT, UPDATES, KIOSK) for act in ("enable", "start")]
    assert "读到卡 ••••2b1c" in machine.screen
    assert "04a22b1c" not in machine.screen
    assert "村慧站点自检 shili-01" in machine.said[-1]
    assert "√ 大屏" not in machine.screen  # nobody has seen it yet
    for path in (machine.place.config, machine.place.ca):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert sorted(path.name for path in machine.place.config.parent.iterdir()) == ["county-ca.pem", "station.toml"]


def test_without_a_file_two_people_compare_the_fingerprint(machine: BareMachine) -> None:
    talk = machine.talk("", "county.example:8443", "y", NO_MORE, "1234 5678 9012 8")
    assert set_up(machine.place, Wishes(), machine.tools(), talk)
    assert spoken_fingerprint(machine.ca) in machine.screen
    assert machine.place.ca.read_text() == machine.ca


def test_another_fingerprint_leaves_nothing(machine: BareMachine) -> None:
    with pytest.raises(SetupRefused, match="核对码不一样"):
        set_up(machine.place, Wishes(), machine.tools(), machine.talk("", "county.example:8443", "n"))
    assert list(machine.place.config.parent.iterdir()) == []


@pytest.mark.parametrize("offered", ["", "<html>请先登录</html>"])
def test_what_is_not_a_county_is_named_and_the_address_asked_for_again(machine: BareMachine, offered: str) -> None:
    machine.offers["https://county.exmple"] = offered
    talk = machine.talk("", "county.exmple", "county.example:8443", "y", NO_MORE, CLAIM)
    assert set_up(machine.place, Wishes(), machine.tools(), talk)
    assert "https://county.exmple" in machine.screen
    assert "核对地址" in machine.screen


def test_a_mistyped_path_is_asked_for_again_and_not_for_ever(machine: BareMachine) -> None:
    stick = machine.claim_file()
    talk = machine.talk("/media/usb/clam.toml", str(stick), NO_MORE)
    assert set_up(machine.place, Wishes(), machine.tools(), talk)
    assert "/media/usb/clam.toml（没有这个文件或文件夹）" in machine.screen
    machine.place.config.unlink()
    with pytest.raises(SetupRefused, match="5 次"):
        set_up(BareMachine(stick.parent / "etc").place, Wishes(), machine.tools(), machine.talk(*["/x.toml"] * 9))


def test_a_county_that_was_not_reached_is_asked_for_anew(machine: BareMachine) -> None:
    machine.trouble = "stranger"
    with pytest.raises(SetupRefused, match="代码 23"):
        set_up(machine.place, Wishes(), machine.tools(), machine.talk(str(machine.claim_file(url=OTHER))))
    machine.trouble = ""
    assert set_up(machine.place, Wishes(), machine.tools(), machine.talk(str(machine.claim_file()), NO_MORE))
    assert load(machine.place.config).county_url == URL


def test_who_has_no_reader_hears_so_and_may_try_a_simulated_one_that_says_it_is(machine: BareMachine) -> None:
    machine.readers = []
    wishes = Wishes(claim_file=machine.claim_file())
    assert set_up(machine.place, wishes, machine.tools(), machine.talk("n", "y"))
    assert "没有找到读卡器" in machine.screen
    assert "刷一张卡" not in machine.screen
    assert "模拟的读卡器读不了真的卡" in machine.screen
    assert [one.driver for one in load(machine.place.config).readers] == ["simulated"]


def test_a_refused_code_is_asked_for_again_and_the_devices_are_not(machine: BareMachine) -> None:
    machine.refusals = [REFUSED]
    wishes = Wishes(claim_file=machine.claim_file())
    with pytest.raises(SetupRefused, match="接着做"):
        set_up(machine.place, wishes, machine.tools(), machine.talk(NO_MORE, None))
    assert "已用过或已过期" in machine.screen
    assert "有效期到 2026-12-01 08:30" in machine.screen
    machine.readers = []  # would be missed if it looked for readers once more
    assert set_up(machine.place, Wishes(), machine.tools(), machine.talk("1234567890127", CLAIM))
    assert "接入码不对，请重读" in machine.screen
    assert machine.claims == [CLAIM, CLAIM]


def test_with_yes_a_refused_code_ends_it(machine: BareMachine) -> None:
    machine.refusals = [REFUSED]
    with pytest.raises(SetupRefused, match=r"已用过或已过期.*有效期到"):
        set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.alone())
    assert set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.alone())


def test_a_county_that_is_away_keeps_code_and_devices(machine: BareMachine) -> None:
    machine.refusals = [CountyUnreachable("暂时连不上县里")] * 3
    with pytest.raises(SetupRefused, match="暂时连不上县里"):
        set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    kept = machine.place.config.with_name(".setup.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert set_up(machine.place, Wishes(), machine.tools(), machine.talk())
    assert machine.claims == [CLAIM] * 4
    assert not kept.exists()


def test_a_county_that_is_slow_is_asked_again_with_the_same_code(machine: BareMachine) -> None:
    machine.refusals = [CountyUnreachable("暂时连不上县里")] * 2
    assert set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    assert machine.claims == [CLAIM] * 3
    assert "再问一次" in machine.screen


def test_a_county_that_is_not_reached_stops_before_the_devices(machine: BareMachine) -> None:
    machine.trouble = "stranger"
    with pytest.raises(SetupRefused, match="代码 23"):
        set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk())
    assert not machine.place.config.exists()


def test_a_configuration_that_is_there_is_kept_unless_again(machine: BareMachine) -> None:
    wishes = Wishes(claim_file=machine.claim_file())
    set_up(machine.place, wishes, machine.tools(), machine.talk(NO_MORE))
    machine.place.config.write_text(machine.place.config.read_text() + "# 我的说明\n")
    machine.readers, machine.cards = [WEDGE], {WEDGE.driver: "0077736732"}
    assert set_up(machine.place, Wishes(), machine.tools(), machine.talk())
    assert "我的说明" in machine.place.config.read_text()
    assert machine.claims == [CLAIM]
    assert set_up(machine.place, Wishes(again=True), machine.tools(), machine.talk("04A22B1C", NO_MORE))
    (reader,) = load(machine.place.config).readers
    assert (reader.driver, reader.settings["format"]) == ("wedge", "8H10D")
    assert f"stop {AGENT}" in machine.units
    assert machine.claims == [CLAIM]


@pytest.mark.parametrize(
    ("answers", "why"), [((None,), "停下了"), (("n", "n"), "还没有读卡器")], ids=["Ctrl-C", "no reader"]
)
def test_a_station_in_use_takes_cards_again_wherever_it_stops(
    machine: BareMachine, answers: tuple[str | None, ...], why: str
) -> None:
    set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    before = machine.place.config.read_bytes()
    machine.readers = []
    with pytest.raises(SetupRefused, match=why):
        set_up(machine.place, Wishes(again=True), machine.tools(), machine.talk(*answers))
    assert f"stop {AGENT}" in machine.units
    assert AGENT in machine.running
    assert "又启动了" in machine.screen
    assert machine.place.config.read_bytes() == before


def test_a_station_whose_new_code_is_refused_takes_cards_again(machine: BareMachine) -> None:
    wishes = Wishes(claim_file=machine.claim_file(), again=True)
    set_up(machine.place, wishes, machine.tools(), machine.talk(NO_MORE))
    machine.refusals = [REFUSED]
    with pytest.raises(SetupRefused, match="停下了"):
        set_up(machine.place, wishes, machine.tools(), machine.talk(NO_MORE, None))
    assert AGENT in machine.running


def test_a_terminal_that_goes_away_ends_it_as_ctrl_c_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        monkeypatch.setattr(setting_up, "set_up", lambda *_: signal.raise_signal(signal.SIGHUP))
        assert main(["setup"]) == EXIT_FAILED
    finally:
        signal.signal(signal.SIGHUP, before)
    assert "停下了" in capsys.readouterr().err


def test_an_agent_that_did_not_run_is_not_started_before_its_time(machine: BareMachine) -> None:
    machine.readers = []
    with pytest.raises(SetupRefused):
        set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk("n"))
    assert machine.units == []


def test_a_file_for_another_station_or_county_changes_nothing(machine: BareMachine) -> None:
    set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    before = machine.place.config.read_bytes()
    with pytest.raises(SetupRefused, match="拿错了文件"):
        set_up(
            machine.place, Wishes(claim_file=machine.claim_file(station="shili-02")), machine.tools(), machine.talk()
        )
    other = machine.claim_file(url=OTHER)
    with pytest.raises(SetupRefused, match="请加 --again"):
        set_up(machine.place, Wishes(claim_file=other), machine.tools(), machine.talk())
    assert machine.place.config.read_bytes() == before


def test_nobody_is_asked_with_yes(machine: BareMachine) -> None:
    machine.readers = [PCSC, WEDGE]
    assert set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.alone())
    assert [one.driver for one in load(machine.place.config).readers] == ["pcsc"]


def test_with_yes_a_station_without_a_sure_reader_is_refused(machine: BareMachine, folder: Path) -> None:
    machine.readers = [WEDGE]
    with pytest.raises(SetupRefused, match="--devices"):
        set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.alone())
    with pytest.raises(SetupRefused, match="要有接入文件"):
        set_up(BareMachine(folder / "etc").place, Wishes(), machine.tools(), machine.alone())


def test_devices_come_from_a_file_and_its_mistakes_have_their_lines(machine: BareMachine, folder: Path) -> None:
    kit = folder / "kit.toml"
    kit.write_text(DEVICES.replace("simulated", "simulatd", 1))
    wishes = Wishes(claim_file=machine.claim_file(), devices=kit)
    with pytest.raises(SetupRefused, match="第 2 行"):
        set_up(machine.place, wishes, machine.tools(), machine.alone())
    assert not machine.place.config.exists()
    kit.write_text(DEVICES)
    assert set_up(machine.place, wishes, machine.tools(), machine.alone())
    assert [one.driver for one in load(machine.place.config).readers] == ["simulated"]


def test_a_broken_claim_file_is_named(machine: BareMachine, folder: Path) -> None:
    broken = folder / "claim.toml"
    broken.write_bytes(machine.claim_file().read_bytes()[:300])
    for path in (broken, folder / "nothing.toml"):
        with pytest.raises(SetupRefused, match=r"接入文件"):
            set_up(machine.place, Wishes(claim_file=path), machine.tools(), machine.talk())


def test_cameras_are_tried_until_one_takes_a_picture(machine: BareMachine) -> None:
    machine.cameras = [FoundDevice("v4l2", {"device": "/dev/v4l/by-id/usb-cam"}, "USB 摄像头")]
    set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    camera = load(machine.place.config).camera
    assert camera is not None
    assert camera.settings["socket"] == machine.place.camera_socket
    machine.camera_trial = "failed"
    set_up(machine.place, Wishes(again=True), machine.tools(), machine.talk(NO_MORE))
    assert load(machine.place.config).camera is None


def test_each_lamp_is_lit_and_seen(machine: BareMachine) -> None:
    machine.lamp = FakeIndicator()
    talk = machine.talk(NO_MORE, "y", "17 17 22", "5 6 13", "y", "y", "y")
    set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), talk)
    assert [colour for colour, _ in machine.lamp.shown] == ["green", "amber", "red"]
    lamp = load(machine.place.config).indicator
    assert (lamp.settings["green"], lamp.settings["amber"], lamp.settings["red"]) == (5, 6, 13)


def test_whoever_sits_at_the_first_terminal_sees_the_doctor_before_the_kiosk_takes_it(machine: BareMachine) -> None:
    machine.first_terminal = True
    set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE, ""))
    assert machine.units[-1] == f"start {KIOSK}"
    assert "接管这个屏幕" in machine.asked[-1]


def test_an_agent_that_does_not_start_is_told_and_can_be_tried_again(machine: BareMachine) -> None:
    machine.starts = False
    with pytest.raises(SetupRefused, match="没有启动起来"):
        set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    machine.starts = True
    assert set_up(machine.place, Wishes(), machine.tools(), machine.talk())


def test_a_station_that_lost_its_configuration_keeps_its_identity(machine: BareMachine) -> None:
    make_enrolled(machine.place.folder, station="shili-01")
    assert set_up(machine.place, Wishes(claim_file=machine.claim_file()), machine.tools(), machine.talk(NO_MORE))
    assert machine.claims == []
