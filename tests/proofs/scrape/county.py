"""The county of the proof: townships with stations that are well, and a program with a token."""

import datetime as dt
import json
import re
from pathlib import Path

from tests.proofs.strangers.browser import Browser
from tests.proofs.strangers.console import COUNTY, make_account
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Board

STATIONS_OF_A_TOWNSHIP = 5
TOWNSHIPS = ("990101011", "990101012", "990101013", "990101014")
DARK = TOWNSHIPS[-1]
"""The township in which nothing but a power cut is planted."""
_WELL = (
    """{"machine": {"temperature_c": 50, "throttled": "no", "undervoltage": "no", "memory_free_kib": 400000, """
    """"disk_kib": 30000000, "card": "emmc", "card_worn_percent": 20, "card_end": "normal", "signal_percent": 60}, """
    """"up_s": 1000}"""
)


def station_ids(township: str) -> list[str]:
    """Return the stations of a township."""
    return [f"s{township[-3:]}-{number:02}" for number in range(STATIONS_OF_A_TOWNSHIP)]


def furnish(county: County) -> Board:
    """Put townships with stations into the county, and return a real board that is one more station."""
    for township in TOWNSHIPS:
        county.sql(f"INSERT INTO regions_region (code, name) VALUES ('{township}000', '示例镇{township[-2:]}')")
        for number, station in enumerate(station_ids(township)):
            village = f"{township}{number + 1:03}"
            county.sql(
                f"INSERT INTO regions_region (code, name) VALUES ('{village}', '示例村{number}');"
                "INSERT INTO fleet_station (id, name, village_id, shard, enrolled_at, desired_version,"
                " reported_version, refused_version, refused_reason)"
                f" VALUES ('{station}', '示例站', '{village}', 0, now(), 0, 0, 0, '');"
                "INSERT INTO fleet_stream (station_id, epoch, through, head, opened_at, issued) VALUES"
                f" ('{station}', sha256('{station}'::bytea), 0, sha256(''), now(), 0);"
                "INSERT INTO enrolment_stationcertificate (station_id, serial, not_after, issued_at) VALUES"
                f" ('{station}', md5('{station}'), now() + interval '80 days', now())"
            )
    board = Board(county)
    assert board.enrol(county.claim("board-01")).admitted
    for station in (*(one for township in TOWNSHIPS for one in station_ids(township)), board.station):
        county.sql(f"INSERT INTO fleet_stationstatus (station_id, {', '.join(_COLUMNS)}) VALUES"
                   f" ('{station}', {', '.join(_COLUMNS.values())})")  # fmt: skip
    # One alarm is open all the time, so that what shows alarms by their code has something to show.
    county.sql(
        "INSERT INTO fleet_alarm (origin, code, severity, detail, opened_at, last_at, count, resolved_because)"
        " VALUES ('county', 'review_past', 'info', '', now(), now(), 1, '')"
    )
    return board


_COLUMNS = {
    "online": "true",
    "heard_at": "now()",
    "receipt_at": "now()",
    "waiting": "0",
    "blobs_waiting": "0",
    "clock_quality": "'synced'",
    "software": "'0.1.0'",
    "reader_ready": "true",
    "camera_ready": "true",
    "disk_free_kib": "20000000",
    "resident_kib": "40000",
    "simulated": "true",
    "health": f"'{_WELL}'",
    "health_at": "now()",
    "month_bytes": "1000000",
    "month_forecast_bytes": "5000000",
}


def set_up_backups(home: Path) -> None:
    """Say in the county's files that backups are made to a folder and are of today. None is made in this proof."""
    (home / "backup").mkdir()
    with (home / "county.toml").open("a", encoding="utf-8") as config:
        config.write(f'\n[backup]\nfolder = "{home / "copies"}"\nrecipient = "age1{"q" * 58}"\n')
    note_backups(home)


def note_backups(home: Path, *, copied_days_ago: float = 0, proven_days_ago: float = 0) -> None:
    """Say when the last copy left the machine, and when the last trial was."""
    now = dt.datetime.now(dt.UTC)
    ago = {"last_base_at": 0.0, "last_copy_at": copied_days_ago, "last_proof_at": proven_days_ago}
    said = {name: (now - dt.timedelta(days=days)).isoformat() for name, days in ago.items()}
    (home / "backup" / "state.json").write_text(json.dumps(said), encoding="utf-8")


def make_well(county: County, *stations: str) -> None:
    """Let stations be as they were made."""
    assigned = ", ".join(f"{name} = {value}" for name, value in _COLUMNS.items())
    named = ", ".join(f"'{station}'" for station in stations)
    county.sql(f"UPDATE fleet_stationstatus SET {assigned} WHERE station_id IN ({named})")


def token_of(county: County) -> str:
    """Return the token that an operator makes for monitoring, on the console's own page."""
    browser = Browser(county)
    assert browser.sign_in(make_account(county, "scrape-operator", "operator"))
    assert browser.show_second_factor()
    form: dict[str, str | list[str]] = {"name": "示例监控", "scope": ["metrics"], "region": COUNTY, "days": "30"}
    found = re.search(r"cunhui_[0-9]+_[A-Za-z0-9_-]{43}", browser.ask("POST", "/tokens/make/", form).text)
    assert found is not None, "the page shows no token"
    return found[0]


def rewrite(file: Path, old: str, new: str) -> None:
    """Replace a text in a file that has it once."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")
