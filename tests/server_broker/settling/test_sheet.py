"""A village's month as CSV: the bytes of each evening, asked for again as of that evening."""

import argparse
import csv
import datetime as dt
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.closing.closing import close_month, show_month
from server_broker.dated.writing import Period, put
from server_broker.platform.processes import ServiceError
from server_broker.regions.models import Region
from server_broker.settlement.version import RULES
from server_broker.settling.models import SheetMonth, SheetMonthRecord
from server_broker.settling.sheet import sheet_of
from server_broker.settling.sheet_csv import names_on, sheet_csv
from server_broker.supervisor import settle_cli
from server_broker.supervisor.settle_cli import settle_month
from tests.cast import LI, SHILI, SHILI_VILLAGE, UNKNOWN_CARD, ZHANG
from tests.server_broker.closing.lived_month import MAY_CLOSE, SHOWN_AT, LivedMonth, officer, village
from tests.server_broker.county import FictionalCounty
from tests.server_broker.settling.lived import BY, MONDAY, LivedStation, announced, at, morning, recorded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)
MONTH = "2027-03"


def csv_as_of(known: dt.datetime) -> bytes:
    village = Region.objects.get(pk=SHILI_VILLAGE)
    return sheet_csv(sheet_of(village.identity, MONTH, known))


def table(content: bytes) -> list[dict[str, str]]:
    lines = content.decode().split("\r\n")
    return list(csv.DictReader(lines[lines.index("") + 1 :]))


def test_each_evening_is_the_same_when_it_is_asked_for_again(county: FictionalCounty) -> None:
    from server_broker.people.cards import bind_card  # noqa: PLC0415

    announced(MONDAY - 14 * DAY, 40)
    window_people = county.people[ZHANG], county.people[LI]
    morning(*window_people)
    shili = LivedStation()
    evenings: dict[dt.datetime, bytes] = {}
    for number in range(10):
        day = MONDAY + number * DAY
        shili.touched(ZHANG.token, at(day, 8, 20 + 5 * number))
        shili.touched(UNKNOWN_CARD if number < 5 else LI.token, at(day, 8, 25))
        shili.touched(ZHANG.token, at(day, 12, 5))
        shili.closed(at(day, 15, 1))
        if number % 3 != 1:
            shili.send(at(day, 15, 2))
        if number == 4:
            with recorded(at(day, 16)):
                bind_card(UNKNOWN_CARD, county.people[LI], actor=BY)
        if number == 6:
            shili.booted(at(day, 22), quality="unknown", alive=at(day, 21))
        if number == 8:
            shili.learnt(at(day, 19))
            shili.send(at(day, 19, 1))
        evenings[at(day, 20)] = csv_as_of(at(day, 20))
    assert len(set(evenings.values())) == len(evenings)
    assert {known: csv_as_of(known) for known in evenings} == evenings
    last = evenings[at(MONDAY + 9 * DAY, 20)]
    assert last.startswith(f"rules,{RULES}\r\nvillage,{SHILI_VILLAGE},示例村\r\nmonth,{MONTH}\r\n".encode())
    first = next(row for row in table(last) if row["number"] == LI.number and row["date"] == MONDAY.isoformat())
    assert (first["result"], first["share"], first["beside"]) == ("缺", "1/1", "")


def test_a_sheet_names_a_station_that_has_told_nothing_yet(county: FictionalCounty) -> None:
    announced()
    morning(county.people[ZHANG])
    LivedStation()
    (row,) = [one for one in table(csv_as_of(at(MONDAY, 20))) if one["date"] == MONDAY.isoformat()]
    assert (row["result"], row["awaited"]) == ("未", f"{SHILI}@")


def test_a_closed_month_stays_as_it_was_signed(county: FictionalCounty) -> None:
    announced(dt.date(2027, 2, 26), 40)
    morning(county.people[ZHANG])
    shili = LivedStation()
    for number in range(17):
        day = MONDAY + number * DAY
        shili.touched(ZHANG.token, at(day, 8, 20))
        if number != 3:
            shili.touched(ZHANG.token, at(day, 12, 5))
        shili.closed(at(day, 15, 1))
        shili.send(at(day, 15, 2))
    april = dt.date(2027, 4, 5)
    village = Region.objects.get(pk=SHILI_VILLAGE).identity
    assert [sheet_of(village, MONTH, at(day, 20)).state for day in (MONDAY, april)] == ["进行中", "可公示"]
    with recorded(at(april, 21)), transaction.atomic():
        subject = SheetMonth.objects.create(village_id=village, month=MONTH)
        closed = {"shown_at": at(april - DAY, 9).isoformat(), "closed_at": at(april, 21).isoformat()}
        put(SheetMonthRecord, [subject.pk], Period(), closed, actor=BY)
    before = sheet_of(village, MONTH, at(april, 20, 59))
    shili.booted(at(april, 22), alive=at(april, 21, 55))
    shili.send(at(april, 22, 1))
    after = sheet_of(village, MONTH, at(april + DAY, 9))
    assert (before.state, after.state) == ("可公示", "定稿")
    assert [one.result for one in after.windows] == [one.result for one in before.windows]


def test_the_command_writes_a_file_for_nobody_else_and_puts_it_on_record(
    county: FictionalCounty, tmp_path: Path
) -> None:
    morning(county.people[ZHANG])
    file = tmp_path / "三月.csv"

    def asks(**said: str) -> bytes:
        asked = {"village": SHILI_VILLAGE, "month": MONTH, "as_of": "2026-03-01", "csv": ""} | said
        return settle_month(argparse.Namespace(**asked), actor="cli:root")[0]

    assert asks(csv=str(file)) == b""
    assert file.stat().st_mode & 0o777 == 0o600
    assert asks() == file.read_bytes()
    assert AuditEntry.objects.filter(action="sheet.exported", subject=SHILI_VILLAGE).count() == 2
    ahead = (timezone.now() + DAY).date().isoformat()
    for wrong in ({"csv": str(file)}, {"village": "1"}, {"month": "2027-13"}, {"as_of": "x"}, {"as_of": ahead}):
        with pytest.raises(ServiceError):
            asks(**wrong)


def test_the_command_hands_out_a_closed_month_as_it_was_signed(
    county: FictionalCounty, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settle_cli, "settled_horizon", lambda: MAY_CLOSE + 3 * DAY)
    lived = LivedMonth(county)
    with recorded(SHOWN_AT):
        show_month(village(), MONTH, by=officer(), now=SHOWN_AT)
    with recorded(MAY_CLOSE):
        closed = close_month(village(), MONTH, by=officer(), known=MAY_CLOSE)

    def asks(known: dt.datetime, file: str = "") -> tuple[bytes, str]:
        asked = {"village": SHILI_VILLAGE, "month": MONTH, "as_of": known.isoformat(), "csv": file}
        return settle_month(argparse.Namespace(**asked), actor="cli:root")

    lived.station.booted(MAY_CLOSE + DAY, alive=at(MONDAY, 10))
    lived.station.send(MAY_CLOSE + DAY)
    signed = bytes(closed.content)
    assert asks(MAY_CLOSE + 2 * DAY)[0] == asks(MAY_CLOSE)[0] == signed
    file = tmp_path / "三月.csv"
    assert asks(MAY_CLOSE + 2 * DAY, str(file)) == (b"", f"已写入 {file}：示例村 {MONTH}，2027-04-07 00:00:00 定稿的")
    assert file.read_bytes() == signed
    assert b"state,\xe5\x85\xac\xe7\xa4\xba\r\n" in asks(MAY_CLOSE - DAY)[0]


def test_who_was_entered_after_the_month_is_named_all_the_same(county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    assert names_on(dt.date(2020, 1, 31), {zhang.pk}) == {zhang.pk: (ZHANG.number, ZHANG.name)}
