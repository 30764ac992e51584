"""Months by the API: a payroll reads the sums, and the bytes that were signed."""

import hashlib

import pytest
from django.utils import timezone

from server_broker.closing.closing import close_month, show_month
from tests.cast import LI, OPERATOR, OTHER_TOWNSHIP, SHILI_VILLAGE, TOWNSHIP_OPERATOR, WANG, ZHANG
from tests.server_broker.api.program import Program
from tests.server_broker.closing.lived_month import (
    LATE,
    MAY_CLOSE,
    MONTH,
    NEXT,
    SHOWN_AT,
    LivedMonth,
    officer,
    village,
)
from tests.server_broker.county import FictionalCounty, api_token
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.settling.lived import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]
ASKED = {"month": MONTH, "region": SHILI_VILLAGE}


@pytest.fixture(autouse=True)
def april(monkeypatch: pytest.MonkeyPatch) -> None:
    """The county lives in the April after the month."""
    monkeypatch.setattr(timezone, "now", lambda: at(MAY_CLOSE.date(), 9))


def test_a_payroll_reads_the_sums_and_what_was_signed(county: FictionalCounty) -> None:
    LivedMonth(county)
    program = Program(api_token(OPERATOR).text)
    [before] = program.rows("months", month=MONTH)
    assert (before["state"], before["sha256"], before["people"]) == ("可公示", None, 2)
    show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    closed = close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)
    [row] = program.rows("months", month=MONTH)
    assert (row["state"], row["rules"], row["region"]["code"]) == ("定稿", closed.rules, SHILI_VILLAGE)
    assert (row["sums"]["due"], row["sums"]["late_minutes"], row["sums"]["days"]["缺"]) == ("26", 22, "1")
    signed = program.ask("timesheets", **ASKED, form="csv")
    assert signed["Content-Type"] == "text/csv; charset=utf-8"
    assert hashlib.sha256(signed.content).hexdigest() == row["sha256"]
    zhang, li = program.rows("timesheets", **ASKED, limit="1")
    assert [one["person"]["number"] for one in (zhang, li)] == [ZHANG.number, LI.number]
    assert (zhang["sums"]["due"], zhang["sums"]["present"], zhang["sums"]["late_times"]) == ("13", "13", 1)


def test_who_is_of_elsewhere_has_no_name_and_no_csv_gives_it(county: FictionalCounty) -> None:
    LivedMonth(county)
    settled_row(county.people[WANG], LATE, village=village())
    program = Program(api_token(TOWNSHIP_OPERATOR).text)
    answer = program.ask("timesheets", **ASKED)
    assert [one["is_elsewhere"] for one in answer.json()["rows"]] == [False, False, True]
    assert WANG.name not in answer.content.decode()
    assert program.status("timesheets", **ASKED, form="csv") == 422
    assert program.status("timesheets", **ASKED | {"region": OTHER_TOWNSHIP}) == 404
    assert WANG.name in Program(api_token(OPERATOR).text).ask("timesheets", **ASKED, form="csv").content.decode()


@pytest.mark.parametrize("wrong", [{"month": "2027-13"}, {"month": "2099-01"}, {"month": MONTH, "last": "1"}, {}])
def test_what_is_no_month_is_refused(county: FictionalCounty, wrong: dict[str, str]) -> None:
    program = Program(api_token(OPERATOR).text)
    assert program.status("months", **wrong) == 422
    assert program.status("timesheets", **wrong, region=SHILI_VILLAGE) == 422
    assert program.rows("months", month=NEXT) == []
