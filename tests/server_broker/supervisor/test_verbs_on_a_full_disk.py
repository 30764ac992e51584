"""A verb that finds the disk full says so in a sentence, whether the program or the database could not write."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError
from psycopg.errors import DiskFull

from server_broker import cli
from server_broker.supervisor import cli as verbs


def by_the_program(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device", "/var/lib/cunhui-county/trust/county-mark")


def by_the_database(*_: object) -> int:
    raise OperationalError("could not extend file") from DiskFull()


@pytest.mark.parametrize("verb", [by_the_program, by_the_database])
def test_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], verb: Callable[..., int]
) -> None:
    (tmp_path / "county.toml").touch()
    monkeypatch.setitem(verbs._VERBS, "template", verb)
    assert cli.main(["template", "x.xlsx", "--home", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("没有做成：磁盘满了。先腾出空间：")
