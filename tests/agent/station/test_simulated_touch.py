"""``cunhui-agent touch``: a card at a simulated reader of one's own station, and at no other reader."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import main
from agent.drivers.simulated_reader import SimulatedReader
from tests.agent.config.good_config import GOOD

UID = "04a1b2c3d4e5f6"


@pytest.fixture
def folder() -> Iterator[Path]:
    """With a path short enough for unix sockets."""
    made = Path(tempfile.mkdtemp(prefix="ch-", dir="/tmp"))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def touched(folder: Path) -> Iterator[list[str]]:
    """What the station's reader got, which runs."""
    got: list[str] = []
    reader = SimulatedReader(socket=folder / "touch.sock")
    reader.start(touched=got.append, ready=lambda _: None)
    yield got
    reader.stop()


def run(folder: Path, uid: str, *words: str, readers: str = '[[reader]]\ndriver = "simulated"\n') -> int:
    """Run the verb at a station with these readers."""
    before, _, after = GOOD.replace('"data"', f'"{folder}"').partition("[[reader]]")
    _, _, rest = after.partition("\n[")
    file = folder / "station.toml"
    file.write_text(f"{before}{readers}\n[{rest}", encoding="utf-8")
    return main(["touch", uid, *words, "--config", str(file)])


def test_the_station_s_reader_gets_the_card(folder: Path, touched: list[str]) -> None:
    assert run(folder, UID.upper()) == 0
    assert touched == [UID]


@pytest.mark.parametrize("uid", ["", "12345678901", "zz112233", "04a1b2c3d4e5f6\n11223344"])
def test_what_is_no_card_is_not_presented(folder: Path, touched: list[str], uid: str) -> None:
    assert run(folder, uid) == 1
    assert touched == []


def test_a_real_reader_is_none_of_its(folder: Path, touched: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, UID, readers='[[reader]]\ndriver = "pcsc"\n') == 1
    assert "没有模拟的读卡器" in capsys.readouterr().err
    one = '[[reader]]\ndriver = "simulated"\nname = '
    two = f'{one}"A"\n{one}"B"\nsocket = "b.sock"\n'
    assert run(folder, UID, readers=two) == 1
    assert "A、B" in capsys.readouterr().err
    assert run(folder, UID, "--reader", "A", readers=two) == 0
    assert touched == [UID]


def test_a_station_that_does_not_run_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, UID) == 1
    assert "站点程序在运行吗" in capsys.readouterr().err
