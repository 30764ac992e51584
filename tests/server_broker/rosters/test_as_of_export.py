"""`cunhui-server export-people --as-of` writes what the county knew at a time, and puts it on record."""

import argparse
import datetime as dt
import io
from pathlib import Path

import pytest
from django.utils import timezone
from openpyxl import load_workbook

from server_broker.audit.models import AuditEntry
from server_broker.dated.models import AsOf
from server_broker.people.cards import report_lost, take_card
from server_broker.people.models import Person
from server_broker.platform.processes import ServiceError
from server_broker.rosters.as_of_export import export_as_of
from server_broker.supervisor.people_cli import export_people_file
from tests.cast import COUNTY, LI, SHILI_VILLAGE, TOWNSHIP, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, window

pytestmark = pytest.mark.django_db


@pytest.fixture
def county() -> FictionalCounty:
    made = make_county()
    made.add(LI)
    window(SHILI_VILLAGE, "上午", [made.people[ZHANG]])
    return made


def sheets(content: bytes) -> dict[str, list[tuple[object, ...]]]:
    found: dict[str, list[tuple[object, ...]]] = {
        sheet.title: [tuple(row) for row in sheet.iter_rows(min_row=2, values_only=True)]
        for sheet in load_workbook(io.BytesIO(content))
    }
    # Nobody's number is ever in an export.
    assert all(row[3:] == (None, None) for row in found["人员"])
    return found | {"人员": [row[:3] for row in found["人员"]]}


TERMS = ("按星期", None, "上下班都打卡", None)


def test_what_was_known_then_is_written(county: FictionalCounty) -> None:
    before = timezone.now()
    Person.objects.filter(number="a1").update(name="张新名")
    take_card(county.cards[ZHANG], actor="somebody", reason="发错了人", since=None, give_to=county.people[LI])
    report_lost(county.cards[LI], actor="somebody")
    now = sheets(export_as_of(TOWNSHIP, AsOf(timezone.now())))
    then = sheets(export_as_of(TOWNSHIP, AsOf(timezone.now(), known=before)))
    assert now["人员"] == [("a1", "张新名", SHILI_VILLAGE), ("a2", "李示例", SHILI_VILLAGE)]
    assert then["人员"][0] == ("a1", "张示例", SHILI_VILLAGE)
    assert [row[:2] for row in now["卡"]] == [("尾号 0a1b（在用）", "a2"), ("尾号 0a2b（已挂失）", "a2")]
    assert [row[:2] for row in then["卡"]] == [("尾号 0a1b（在用）", "a1"), ("尾号 0a2b（在用）", "a2")]
    assert then["值班"] == [(SHILI_VILLAGE, "上午", "一、二、三、四、五", "08:00", "12:00", "a1", *TERMS)]


def asked(file: Path, **values: str) -> argparse.Namespace:
    return argparse.Namespace(**{"file": str(file), "as_of": "", "at": "", "region": ""} | values)


def test_the_verb_writes_a_file_that_only_its_owner_reads(county: FictionalCounty, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    assert "已写入" in export_people_file(asked(file), actor="cli:somebody")
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(sheets(file.read_bytes())["人员"]) == 3
    entry = AuditEntry.objects.get(action="people.exported")
    assert (entry.actor, entry.subject) == ("cli:somebody", COUNTY)
    with pytest.raises(ServiceError, match="写不了文件"):
        export_people_file(asked(file), actor="cli:somebody")


def test_before_anybody_was_on_file_there_is_nobody(county: FictionalCounty, tmp_path: Path) -> None:
    file = tmp_path / "people.xlsx"
    export_people_file(asked(file, as_of=str(timezone.localdate() - dt.timedelta(days=2))), actor="cli:somebody")
    assert sheets(file.read_bytes())["人员"] == []


@pytest.mark.parametrize("wrong", [{"as_of": "昨天"}, {"at": "2026-13-01"}, {"region": "990199000000"}])
def test_what_can_t_be_read_is_refused(county: FictionalCounty, tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(ServiceError):
        export_people_file(asked(tmp_path / "people.xlsx", **wrong), actor="cli:somebody")
    assert not (tmp_path / "people.xlsx").exists()
