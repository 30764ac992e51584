"""The verb `restore` touches what runs only when it has a county to put in its place."""

import argparse
import subprocess
from pathlib import Path

import pytest

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import backup_cli


@pytest.mark.parametrize(("until", "said"), [("", "已有县平台，没有改动"), ("2026-13-99", "不是时间")])
def test_a_county_that_is_there_is_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: str, said: str
) -> None:
    called: list[object] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: called.append(command))
    home = CountyHome(tmp_path)
    home.units_mark.touch()
    home.config_file.write_text("the county\n", encoding="utf-8")
    chosen = argparse.Namespace(until=until, folder="/mnt/backup", key="/root/key")
    with pytest.raises(ServiceError, match=said):
        backup_cli.restore(home, chosen, say=print)
    assert called == []
