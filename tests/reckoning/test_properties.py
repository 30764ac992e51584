"""What must hold of every case, tried on random ones."""

from copy import deepcopy
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.reckoning.answer import reckon
from tests.reckoning.counting import DAYS_OF, NOT_DUE, PRESENT
from tests.reckoning.reading import read_case
from tests.reckoning.reading_expectations import RESULTS
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world

Values = dict[str, Any]

SEEDS = range(40)
FEW = range(100, 106)
NEGATIVE = ("旷", "缺", "迟", "早")
JUDGED_LINES = ("5", "6", "7", "8", "9", "10", "11", "12", "13")


def answer_to(values: Values) -> Values:
    return reckon(read_case(toml_of(values)))


@pytest.fixture(scope="module")
def answers() -> list[Values]:
    return [answer_to(world(seed)) for seed in SEEDS]


def negative(answer: Values) -> list[Values]:
    """Return the windows that cost somebody something."""
    return [row for row in answer["windows"] if row["result"] in NEGATIVE or set(row["beside"]) & set(NEGATIVE)]


def windows(answers: list[Values]) -> list[Values]:
    return [row for answer in answers for row in answer["windows"]]


def test_every_result_and_every_line_is_come_to(answers: list[Values]) -> None:
    assert {row["result"] for row in windows(answers)} == set(RESULTS)
    assert {row["line"].removeprefix("4.") for row in windows(answers)} == {"0", "1", "2", "3", "4", *JUDGED_LINES}
    assert any(row["line"].startswith("4.") for row in windows(answers))
    assert any(answer["refused"] for answer in answers)
    assert any(answer["slips"] for answer in answers)
    assert {row["state"] for answer in answers for row in answer["months"]} > {"未定稿", "可公示", "定稿"}


def test_each_window_has_one_first_word(answers: list[Values]) -> None:
    for answer in answers:
        names = [(row["person"], row["date"], row["start"]) for row in answer["windows"]]
        assert len(names) == len(set(names))
    for row in windows(answers):
        assert row["result"] in RESULTS
        assert (row["result"] == "") == (row["line"] == "0")
        assert row["result"] not in row["beside"]
        assert (row["late"] > 0) == ("迟" in (row["result"], *row["beside"]))
        assert (row["early"] > 0) == ("早" in (row["result"], *row["beside"]))


def test_totals_fit_their_windows(answers: list[Values]) -> None:
    """The words' days together are all days; what is due and what is present are sums of them."""
    for answer in answers:
        for total in answer["totals"]:
            rows = [row for row in answer["windows"] if row["person"] == total["person"]]
            days = {word: total[key] for key, word in DAYS_OF.items()}
            assert total["due"] == pytest.approx(sum(days[word] for word in days if word not in NOT_DUE), abs=1e-3)
            assert total["present"] == pytest.approx(sum(days[word] for word in PRESENT), abs=1e-3)
            assert total["present"] <= total["due"]
            assert sum(total["leave"].values()) == pytest.approx(total["leave_days"], abs=1e-3)
            assert total["late_minutes"] == sum(row["late"] for row in rows)
            assert total["late_times"] == sum(row["late"] > 0 for row in rows)
            assert total["missing_times"] == sum(row["result"] == "缺" for row in rows)
            assert total["final"] == all(row["result"] not in ("未", "待", "") for row in rows)
            assert {word for word in days if days[word]} == {row["result"] for row in rows} - {"休"}


def test_days_are_thirds_and_halves_exactly() -> None:
    """Three windows on a date are a whole day, not 0.9999."""
    values = world(0)
    values["rosters"] = [
        {
            "village": "v1",
            "windows": ["08:00-10:00", "10:30-12:00", "15:00-17:00"],
            "persons": ["甲"],
            "days": "working",
        }
    ]
    for table in (
        "swaps",
        "notices",
        "corrections",
        "leave",
        "calendar",
        "months",
        "away",
        "posts",
        "stations",
        "meetings",
    ):
        values[table] = []
    values.pop("as_of", None)
    (total,) = answer_to(values)["totals"]
    assert total["provisional"] == len(working(values["days"]))


def working(days: list[date]) -> list[date]:
    return [day for day in days if day.weekday() < 5]


@pytest.mark.parametrize("seed", FEW)
def test_the_order_of_rows_and_facts_changes_nothing(seed: int) -> None:
    values = world(seed)
    shuffled = deepcopy(values)
    rng = Random(seed)
    for rows in shuffled.values():
        if isinstance(rows, list):
            rng.shuffle(rows)
    for station in shuffled["stations"]:
        rng.shuffle(station["facts"])
    assert answer_to(shuffled) == answer_to(values)


@pytest.mark.parametrize("seed", FEW)
def test_the_order_in_which_facts_arrive_changes_nothing(seed: int) -> None:
    """Only something undated lies before its receipt; everything else may come whenever it comes."""
    values = world(seed)
    values.pop("as_of", None)
    values["months"] = []
    late = deepcopy(values)
    rng = Random(seed)
    for station in late["stations"]:
        for fact in station["facts"]:
            if fact.get("quality") == "synced" and fact["kind"] != "held":
                fact["received"] = fact["at"] + timedelta(minutes=rng.randrange(1, 100_000))
    assert answer_to(late) == answer_to(values)


def had_by(row: Values, moment: datetime) -> bool:
    """Return whether the county had a row by a time, by the row itself."""
    if "seq" in row and row.get("received", row["at"] + timedelta(minutes=1)) > moment:
        return False
    return all(row[key] <= moment for key in ("asked", "known") if key in row)


def without_later_keys(row: Values, moment: datetime) -> Values:
    """Return a row without what was added to it after a time: words, a return, a loss, a month's closing."""
    left = dict(row)
    for key in ("decisions", "second", "agreed"):
        if key in row:
            left[key] = [word for word in row[key] if word["at"] <= moment]
    for key, known in (
        ("returned", "returned_known"),
        ("lost", "lost_known"),
        ("shown", "shown"),
        ("closed", "closed"),
        ("dead", "dead"),
    ):
        if row.get(known, moment) > moment:
            left = {name: value for name, value in left.items() if name not in (key, known)}
    return left


def without_later(values: Values, moment: datetime) -> Values:
    """Return a case from which everything is gone that the county did not have by a time.

    People stay: other rows name them.
    """
    left = deepcopy(values)
    left["as_of"] = moment
    for table, rows in left.items():
        if table == "people":
            continue
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            left[table] = [without_later_keys(row, moment) for row in rows if had_by(row, moment)]
    for station in left["stations"]:
        for table in ("facts", "lost"):
            station[table] = [row for row in station.get(table, []) if had_by(row, moment)]
    return left


@pytest.mark.parametrize("seed", FEW)
def test_a_sheet_as_of_a_time_knows_nothing_that_came_later(seed: int) -> None:
    values = world(seed)
    for minutes in (900, 5000):
        moment = datetime.combine(values["days"][0], datetime.min.time()) + timedelta(minutes=minutes)
        values["as_of"] = moment
        assert answer_to(without_later(values, moment)) == answer_to(values)


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_negative_while_the_record_is_not_complete(seed: int) -> None:
    """No station tells of more than the second date's noon; nobody corrects, no station is given up."""
    values = world(seed)
    values.pop("as_of", None)
    values["corrections"] = []
    noon = datetime.combine(values["days"][1], datetime.min.time()) + timedelta(hours=12)
    for station in values["stations"]:
        station.pop("dead", None)
        station.pop("retired", None)
        station["facts"] = [fact for fact in station["facts"] if fact["at"] < noon and fact["kind"] != "time_fix"]
    after = [row for row in negative(answer_to(values)) if row["date"] > values["days"][1].isoformat()]
    assert after == []


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_negative_on_a_provisional_date(seed: int) -> None:
    assert negative(answer_to({**world(seed), "calendar": []})) == []


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_negative_outside_a_post(seed: int) -> None:
    values = world(seed)
    last = values["days"][0] - timedelta(days=1)
    values["posts"] = [
        {"post": "值班员", "person": name, "from": last - timedelta(days=99), "to": last} for name in ("甲", "丙", "丁")
    ]
    values["swaps"] = []
    assert {row["person"] for row in negative(answer_to(values))} <= {"乙", "戊"}


@pytest.mark.parametrize("seed", FEW)
def test_nothing_is_negative_where_duty_was_entered_too_late(seed: int) -> None:
    values = world(seed)
    entered = datetime.combine(values["days"][-1], datetime.min.time()) + timedelta(days=1)
    for roster in values["rosters"]:
        roster["known"] = entered
    values.pop("as_of", None)
    assert negative(answer_to(values)) == []


@pytest.mark.parametrize("seed", FEW)
def test_nobody_is_blamed_while_no_station_is_up(seed: int) -> None:
    values = world(seed)
    values["corrections"] = []
    later = datetime.combine(values["days"][-1], datetime.min.time()) + timedelta(days=4)
    for station in values["stations"]:
        for key in ("lost", "epoch_ends"):
            station.pop(key, None)
        station["facts"] = [{"seq": 1, "at": later, "kind": "boot"}]
    values.pop("as_of", None)
    assert negative(answer_to(values)) == []
