"""A checkout compiles the broker's plugin once; a package brings it; without a compiler the remedy is named."""

import os
import shutil
from pathlib import Path

import pytest

from server_broker.broker.mosquitto import plugin
from server_broker.platform.processes import ServiceError


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(plugin._SOURCES, tmp_path / "plugin_source"))
    monkeypatch.setattr(plugin, "_SOURCES", folder)
    monkeypatch.setattr(plugin, "_BUILT", tmp_path / "compiled" / "plugin.so")
    return folder / "turns.h"


def test_it_is_compiled_once_and_again_when_its_source_has_changed(source: Path) -> None:
    built = plugin.plugin_file()
    assert built.read_bytes()[:4] == b"\x7fELF"
    first = built.stat().st_ino
    assert plugin.plugin_file().stat().st_ino == first
    os.utime(source, (built.stat().st_mtime + 5,) * 2)
    assert plugin.plugin_file().stat().st_ino != first
    assert list(built.parent.iterdir()) == [built]


def test_where_there_is_no_source_nothing_is_compiled(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = plugin.plugin_file()
    shutil.rmtree(source.parent)
    monkeypatch.setenv("PATH", "")
    assert plugin.plugin_file() == built


@pytest.mark.parametrize("spoilt", ["no compiler", "a mistake"])
def test_if_it_cannot_be_compiled_the_remedy_is_named(
    source: Path, monkeypatch: pytest.MonkeyPatch, spoilt: str
) -> None:
    if spoilt == "no compiler":
        monkeypatch.setenv("PATH", "")
    else:
        source.write_text("#error so\n")
    with pytest.raises(ServiceError, match="apt-get install gcc mosquitto-dev"):
        plugin.plugin_file()
