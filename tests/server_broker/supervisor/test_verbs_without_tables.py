"""A verb that comes while the county's first start is still making its tables."""

import argparse
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import cli

pytestmark = pytest.mark.django_db


def ask(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, sql: str) -> None:
    monkeypatch.setitem(cli._VERBS, "ledger", lambda home, chosen: ask(sql))
    cli.run("ledger", CountyHome(folder), argparse.Namespace())


def test_it_is_told_to_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="正在准备数据库"):
        run(monkeypatch, tmp_path, "SELECT 1 FROM a_table_that_is_not_there")


def test_any_other_fault_of_a_statement_stays_what_it_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ProgrammingError):
        run(monkeypatch, tmp_path, "SELECT FROM FROM")
