"""A machine whose number was revoked, or that is to become another station: nothing breaks it, and there is a way."""

import os
import signal
from pathlib import Path

import msgspec
import pytest

from agent.cli import EXIT_FAILED, main
from agent.identity.enrolment import ResponseRefused, enrol
from agent.identity.station_identity import load_identity
from protocol.enrolment import EnrolRequest
from protocol.export import ExportReader
from tests.agent.station.station_process import StationProcess
from tests.fakes.enrolled import STATION, make_enrolled

OTHER = "test-0002"


@pytest.fixture
def _used(process: StationProcess) -> None:
    """It has a touch that the county lacks."""
    process.start()
    process.touch()
    assert process.end(signal.SIGTERM) == 0


@pytest.mark.usefixtures("_used")
def test_enrol_asks_for_no_code_and_says_the_way(
    process: StationProcess, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("agent.wiring.county.enrol_station", lambda *what, **only: asked.append("the county"))
    monkeypatch.setattr("agent.cli._claim", lambda file: asked.append("the person"))
    assert main(["enrol", "--config", str(process.enrolled.config)]) == EXIT_FAILED
    assert asked == []
    said = capsys.readouterr().err
    assert f"没有接入，接入码也没有用掉：本机已经是站点 {STATION}" in said
    assert "请加 --again" in said
    assert "换站点编号" in said


def test_a_code_for_another_number_changes_nothing(folder: Path) -> None:
    station = make_enrolled(folder)
    before = (folder / "enrolled.json").read_bytes()

    def post(url: str, ca_file: Path, body: bytes) -> tuple[int, bytes]:
        nonce = msgspec.json.decode(body, type=EnrolRequest).nonce
        # The certificate is no matter: the name in it is compared first.
        return 200, msgspec.json.encode(msgspec.structs.replace(station.identity.enrolled, nonce=nonce))

    for only, refused in ((STATION, False), (OTHER, True)):
        made = {"url": "https://127.0.0.1:9", "ca_file": folder / "ca.pem", "claim": "0000000000000"}
        if refused:
            with pytest.raises(ResponseRefused, match=f"接入码是站点 {STATION} 的，本机是 {OTHER}，什么也没有改动"):
                enrol(folder, post=post, only=only, **made)  # type: ignore[arg-type]
            assert (folder / "enrolled.json").read_bytes() == before
        else:
            assert enrol(folder, post=post, only=only, **made).station == STATION  # type: ignore[arg-type]
            before = (folder / "enrolled.json").read_bytes()


@pytest.mark.usefixtures("_used")
def test_the_way_of_the_guide(process: StationProcess, tmp_path: Path) -> None:
    """The records go on a stick, the old folder aside, and the machine works under another number."""
    assert main(["export", "--config", str(process.enrolled.config), "--to", str(tmp_path)]) == 0
    (stick,) = tmp_path.glob("*.cunhui")
    with stick.open("rb") as file:
        reader = ExportReader(file.read)
        assert list(reader.parts())
    assert (reader.header.station, reader.signed) == (STATION, True)
    os.rename(process.folder, aside := process.folder.with_name("station-old"))
    again = StationProcess(make_enrolled(process.folder, camera="simulated", station=OTHER))
    try:
        again.start()
        assert again.touch()["colour"] == "amber"
        assert again.end(signal.SIGTERM) == 0
    finally:
        again.lamp.close()
    kept = load_identity(aside)
    assert kept is not None
    assert kept.station == STATION
