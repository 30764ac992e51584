"""What people and stations hand in: no name becomes a script, no cell a formula, and no file causes an accident."""

import io
import random
import re
import zipfile
from collections.abc import Iterator
from http import HTTPStatus

from openpyxl import Workbook

from protocol import facts
from tests.proofs.strangers.browser import Browser
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.console import furnish, make_account
from tests.proofs.strangers.county import VILLAGE, County
from tests.proofs.strangers.places import PLACES, ROLES
from tests.proofs.strangers.speaking import Speaker
from tests.server_broker.station_double import booted, moment

_SCRIPT = "<script>alert(1)</script>"
_IMAGE = "\"'><img src=x onerror=alert(1)>"
_ALIVE = re.compile(r"<script>alert|<img src=x", re.IGNORECASE)
FORMULA = "=HYPERLINK(1)"
_NUMBER, _NAME = "hostile-1", "示例甲"
_DAMAGED = 20
_MANY_BYTES = 60 * 2**20


def scripts(bench: Bench, outcomes: Outcomes) -> None:
    """Names, reasons and words that are scripts stand as text on every page of every role."""
    county, shown = bench.county, furnish(bench.county, bench.first.station)
    with Speaker(bench.first) as speaker:
        words: list[facts.Fact] = [
            facts.AlarmRaised(at=moment(), code=_SCRIPT[:60], severity="minor", detail=_IMAGE),
            facts.HelpAsked(at=moment(), screen=_SCRIPT),
            facts.ReaderLost(at=moment(), reader=_IMAGE),
        ]
        outcomes.welcome("a welcome before scripts", speaker.is_welcomed())
        outcomes.welcome("scripts in facts are kept as they are", speaker.is_receipted(booted(), *words))
        speaker.say("vitals", speaker.stream.vitals(software=_SCRIPT).payload)
    county.sql(f"UPDATE fleet_station SET name = '{_SCRIPT}' WHERE id = '{bench.first.station}'")
    county.sql(
        f"INSERT INTO people_person (number, name, village_id) VALUES ('script-1', '{_SCRIPT}', '{VILLAGE}'),"
        f" ('formula-1', '{FORMULA}', '{VILLAGE}') ON CONFLICT DO NOTHING"
    )
    for role in ROLES:
        browser = Browser(county)
        outcomes.welcome(f"sign in as {role} to look", browser.sign_in(make_account(county, f"look-{role}", role)))
        browser.pass_second_factor()
        for place in (one for one in PLACES if one.method == "GET" and role in one.roles):
            page = browser.ask("GET", shown.path(place))
            outcomes.refused(f"a script lives on {place.path} as {role}", _ALIVE.search(page.text) is not None)
        if role == "operator":
            sheet = browser.ask("GET", "/people/export.xlsx").content
            outcomes.welcome("the export holds the people", FORMULA in _xml_of(sheet))
            outcomes.refused("a formula goes out", "<f>" in _xml_of(sheet) or "<f " in _xml_of(sheet))


def _xml_of(workbook: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))


def workbooks(bench: Bench, outcomes: Outcomes) -> None:
    """Files that are no workbook, or a hostile one, are refused in words, and nobody is imported from them."""
    county, browser = bench.county, Browser(bench.county)
    outcomes.welcome("sign in to import", browser.sign_in(make_account(county, "import-operator", "operator")))
    browser.pass_second_factor()
    for case, file in _hostile_files():
        before = _others(county)
        page = browser.ask("POST", "/people/import/", file=file)
        outcomes.refused(f"{case}: an accident", page.status >= HTTPStatus.INTERNAL_SERVER_ERROR)
        outcomes.refused(f"{case}: taken", _others(county) != before)
        outcomes.welcome(f"a page after {case}", browser.ask("GET", "/people/").status == HTTPStatus.OK)


def _others(county: County) -> list[list[str]]:
    """Return all people except the one in the workbook, because some damage leaves that one readable."""
    return county.rows(f"SELECT number, name FROM people_person WHERE (number, name) <> ('{_NUMBER}', '{_NAME}')")


def _hostile_files() -> Iterator[tuple[str, bytes]]:
    whole, draw = _workbook(), random.Random(7)
    yield "an empty file", b""
    yield "a text", "编号,姓名\n1,甲\n".encode("gb18030")
    yield "a page", b"<html><table><tr><td>1</td></tr></table></html>"
    yield "half a workbook", whole[: len(whole) // 2]
    yield "a folder of nothing", _replaced(whole, "xl/workbook.xml", b"")
    yield "styles without end", _replaced(whole, "xl/styles.xml", _styles())
    entity = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + depth, b"&%c;" % (97 + depth) * 10) for depth in range(8)
    )
    yield "entities of entities", _replaced(whole, "xl/workbook.xml", entity + b"]><a>&i;</a>")
    yield "a sheet that unfolds", _replaced(whole, "xl/worksheets/sheet1.xml", bytes(_MANY_BYTES))
    for number in range(_DAMAGED):
        raw = bytearray(whole)
        for _ in range(draw.randint(1, 8)):
            raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        yield f"damaged workbook {number}", bytes(raw)


def _workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "人员"
    sheet.append(["编号", "姓名", "村代码"])
    sheet.append([_NUMBER, _NAME, VILLAGE])
    book.save(out)
    return out.getvalue()


def _replaced(workbook: bytes, part: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == part else old.read(name))
    return out.getvalue()


def _styles() -> bytes:
    head = b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><cellXfs>'
    return head + b"<xf/>" * (24 * 2**20 // 5) + b"</cellXfs></styleSheet>"
