"""The judge of the proof of requests, by rows that it is given."""

import datetime as dt
from typing import Any, cast

import pytest

from tests.proofs.requests.judge import Judge
from tests.proofs.requests.kiosk_hand import AtKiosk
from tests.proofs.requests.office import Office

DAY = dt.datetime.combine(dt.date(2026, 12, 1), dt.time())
GREEN = AtKiosk("demo-0001", "P1020", "leave", DAY, "000001")
ROW = ["demo-0001", "leave", "2026-12-01 00:00", "000001", "1"]
DECISION = ["c1", "zhen-1", "0", "officer", "990101001000", "7", "990101001201", "", "1", "accepted", "0", ""]


class Rows:
    """What psql would say to every question."""

    def __init__(self, *rows: list[str]) -> None:
        self.county = self
        self._rows = list(rows)

    def sql(self, _query: str) -> list[list[str]]:
        return self._rows


def judge(*rows: list[str]) -> Judge:
    return Judge(cast(Office, Rows(*rows)))


@pytest.mark.parametrize(
    ("rows", "kind"),
    [([], "lost"), ([[*ROW[:4], "2"]], "doubled"), ([ROW, [*ROW[:3], "000002", "1"]], "doubled"), ([ROW], "")],
)
def test_what_was_green_is_there_once(rows: list[list[str]], kind: str) -> None:
    judging = judge(*rows)
    judging.kiosks([GREEN])
    assert (set(judging.found.counts) - {"lost"} if rows else set(judging.found.counts)) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, ""),
        ({2: "7"}, "self_approved"),
        ({7: "zhen-1"}, "self_approved"),
        ({2: "9", 10: "9"}, "self_approved"),
        ({4: "990101001202"}, "out_of_scope"),
        ({4: ""}, "out_of_scope"),
        ({8: "4"}, "out_of_scope"),
        ({3: "secretary", 8: "2"}, "out_of_scope"),
        ({4: "990101000000", 8: "30"}, ""),
    ],
)
def test_who_decides_is_another_of_the_region_and_of_the_rank(changes: dict[int, str], kind: str) -> None:
    judging = judge([changes.get(place, value) for place, value in enumerate(DECISION)])
    judging._by_themselves()
    judging._out_of_scope()
    assert set(judging.found.counts) == ({kind} if kind else set())


@pytest.mark.parametrize(
    ("outcome", "page", "unseen"),
    [
        ("accepted", "编号 000001 ✓ 同意（示例镇 镇办干部）", 0),
        ("accepted", "编号 000001 × 不同意", 1),
        ("refused", "编号 000001 … 等答复", 1),
        ("open", "编号 000001 … 等答复", 0),
        ("withdrawn", "编号 000002 已撤回", 1),
    ],
)
def test_an_outcome_is_seen_with_its_number(outcome: str, page: str, unseen: int) -> None:
    class Phone:
        def page(self, path: str) -> Any:
            return f"<p>{page}</p>"

    judging = judge()
    judging.seen("P1020", Phone(), [(1, "000001", outcome)])
    assert judging.found.counts["unseen_by_asker"] == unseen
