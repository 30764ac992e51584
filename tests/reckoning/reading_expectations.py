"""Read what a case expects, and check its keys; values stay as TOML gave them."""

from typing import Any

from tests.reckoning.rows import Row

RESULTS = ("√", "迟", "早", "缺", "旷", "假", "出", "会", "停", "暂", "未", "待", "休", "")
STATES = ("进行中", "未定稿", "可公示", "公示", "定稿")
DAY_SUMS = (
    "due",
    "present",
    "on_time",
    "leave_days",
    "field",
    "meeting",
    "missing",
    "down",
    "absent",
    "provisional",
    "awaiting",
    "to_review",
    "late_days",
    "early_days",
    "blank",
)
COUNTS = ("late_times", "late_minutes", "early_times", "early_minutes", "missing_times", "part_leave_minutes")

KEYS = {
    "expect": {
        "person": "text",
        "date": "day",
        "start": "clock",
        "result": "text",
        "kind": "text",
        "beside": "texts",
        "late": "number",
        "early": "number",
        "flags": "texts",
        "line": "text",
        "reason": "text",
    },
    "expect_totals": {
        "person": "text",
        **dict.fromkeys(DAY_SUMS, "seconds"),
        **dict.fromkeys(COUNTS, "number"),
        "leave": "table",
        "final": "truth",
    },
    "expect_resident": {
        "person": "text",
        "month": "text",
        "days": "number",
        "nights": "number",
        "incomplete": "days",
    },
    "expect_meeting": {
        "meeting": "text",
        "expected": "any",
        "came": "any",
        "excused": "any",
        "absent": "any",
        "late": "any",
        "quorum_at_start": "truth",
        "quorum_at_votes": "several",
    },
    "expect_month": {"month": "text", "state": "text"},
    "expect_slips": {"person": "text", "date": "day", "start": "clock", "was": "text", "now": "text"},
    "expect_exceptions": {"kind": "text", "person": "text", "card": "text", "station": "text", "at": "moment"},
}
NEEDED = {
    "expect": ("person", "date", "start", "result"),
    "expect_totals": ("person",),
    "expect_resident": ("person", "month"),
    "expect_meeting": ("meeting",),
    "expect_month": ("month", "state"),
    "expect_slips": ("person", "date", "start"),
    "expect_exceptions": ("kind", "station", "at"),
}
AMONG = {
    ("expect", "result"): RESULTS,
    ("expect_month", "state"): STATES,
    ("expect_exceptions", "kind"): ("off_place", "unknown_card", "lost_card"),
}


def read_expectations(head: Row, names: set[str], stations: set[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of each expectation that the case has; a table that is absent expects nothing."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table, keys in KEYS.items():
        if not head.has(table):
            continue
        found[table] = [expected_row(row, table, keys, names, stations) for row in head.rows(table)]
    return found


def expected_row(row: Row, table: str, keys: dict[str, str], names: set[str], stations: set[str]) -> dict[str, Any]:
    for key in NEEDED[table]:
        if not row.has(key):
            raise row.fault(None, f"{key} is missing")
    for key, kind in keys.items():
        if not row.has(key):
            continue
        if kind in ("any", "table"):
            row.taken.add(key)
        else:
            getattr(row, kind)(key)
        if (table, key) in AMONG:
            row.text(key, among=AMONG[table, key])
    row.finish()
    if row.has("person") and row.values["person"] not in names:
        raise row.fault("person", f"there is no person {row.values['person']}")
    if row.has("station") and row.values["station"] not in stations:
        raise row.fault("station", f"there is no station {row.values['station']}")
    return row.values
