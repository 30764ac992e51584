"""A file that is no case is refused by the line that is wrong."""

import pytest

from server_broker.settlement.named_cases.reading import read_case
from server_broker.settlement.named_cases.refused import NotACase

CASE = """format = 1
rules = "2.5"
name = "one"
days = [2026-03-02]
regions = [{ id = "county" }, { id = "t1", parent = "county" }, { id = "v1", parent = "t1" }]
people = [
    { id = "zhang", village = "v1" },
    { id = "sec", village = "v1", rank = "secretary" },
]
posts = [{ post = "wenshu", person = "zhang", from = 2026-01-01, to = 2026-06-30 }]
rosters = [{ village = "v1", windows = ["08:30-12:00"], persons = ["zhang"], days = "working" }]

[[leave]]
person = "zhang"
cover = "假"
kind = "事"
start = 2026-03-02T08:30:00
end = 2026-03-02T12:00:00
asked = 2026-03-01T09:00:00
decisions = [{ by = "sec", at = 2026-03-01T10:00:00, yes = true }]

[[corrections]]
person = "zhang"
date = 2026-03-02
window = "08:30"
mark = "in"
time = "none"
asked = 2026-03-03T09:00:00

[[meetings]]
id = "m1"
station = "s1"
start = 2026-03-02T09:00:00
end = 2026-03-02T10:00:00
expected = ["zhang", "sec"]
quorum = { rule = "at_least", share = "2/3" }

[[stations]]
id = "s1"
village = "v1"
facts = [
    { seq = 1, at = 2026-03-02T06:00:00, kind = "boot" },
    { seq = 2, at = 2026-03-02T08:20:00, kind = "touch", card = "k" },
]
"""


def refusal(old: str, new: str) -> NotACase:
    assert CASE.count(old) >= 1
    with pytest.raises(NotACase) as refused:
        read_case(CASE.replace(old, new, 1))
    return refused.value


def test_a_case_is_read() -> None:
    case = read_case(CASE)

    assert case.file.name == "one"
    assert [person.id for person in case.world.people] == ["zhang", "sec"]


@pytest.mark.parametrize("version", ["2.1", "2.4", "2.5", "2.6", "2.7"])
def test_a_case_by_an_older_version_of_the_rules_is_read(version: str) -> None:
    assert read_case(CASE.replace('rules = "2.5"', f'rules = "{version}"')).file.rules == version


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("format = 1", "format = 2", 1, "format"),
        ('rules = "2.5"', 'rules = "2.8"', 2, "2.8"),
        ('rules = "2.5"', 'rules = "3.0"', 2, "3.0"),
        ('name = "one"', 'name = "one"\nmood = "glad"', 4, "mood"),
        ('name = "one"\n', "", 1, "name"),
        ("days = [2026-03-02]", "days = [2026-03-02T00:00:00]", 4, "date"),
        ("days = [2026-03-02]", "days = [2026-03-02", 5, "TOML"),
        ("days = [2026-03-02]", "days = [2260-03-02]", 4, "2260"),
        ('{ id = "t1", parent = "county" }', '{ id = "t1", parent = "country" }', 5, "country"),
        ('{ id = "t1", parent = "county" }', '{ id = "t1" }', 5, "县"),
        ('{ id = "t1", parent = "county" }', '{ id = "t1", parent = "v1" }', 5, "自己"),
        ('{ id = "sec", village = "v1"', '{ id = "zhang", village = "v1"', 8, "两次"),
        ('{ id = "sec", village = "v1"', '{ id = "sec", village = "v9"', 8, "v9"),
        ('rank = "secretary"', 'rank = "king"', 8, "rank"),
        ('person = "zhang", from', 'person = "li", from', 10, "li"),
        ("to = 2026-06-30", "to = 2025-06-30", 10, "早于"),
        ('windows = ["08:30-12:00"]', 'windows = ["8:30-12:00"]', 11, "windows"),
        ('persons = ["zhang"]', 'persons = ["zhang"], post = "wenshu"', 11, "post"),
        ('persons = ["zhang"]', 'persons = ["zhang", "li"]', 11, "li"),
        ('persons = ["zhang"]', 'persons = ["zhang"], colour = "red"', 11, "colour"),
        ('kind = "事"', 'kind = ""', 13, "kind"),
        ("end = 2026-03-02T12:00:00", "end = 2026-03-01T12:00:00", 13, "早于"),
        ('by = "sec", at', 'by = "wang", at', 20, "wang"),
        ('time = "none"', 'time = "never"', 27, "time"),
        ('time = "none"', "time = 5", 27, "time"),
        ('station = "s1"', 'station = "s2"', 32, "s2"),
        ('expected = ["zhang", "sec"]', 'expected = ["zhang", "li"]', 35, "li"),
        ('share = "2/3"', 'share = "2/0"', 36, "share"),
        ("{ seq = 2, at", "{ seq = 1, at", 43, "两次"),
        (', card = "k"', "", 43, "card"),
        ('kind = "boot"', 'kind = "boot", card = "k"', 42, "card"),
        ('kind = "boot"', 'kind = "boot", quality = "good"', 42, "quality"),
        ("seq = 1, at", "seq = 0, at", 42, "seq"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(old: str, new: str, line: int, why: str) -> None:
    refused = refusal(old, new)

    assert (refused.line, why in refused.why) == (line, True), str(refused)


def test_a_post_that_is_held_twice_at_once_contradicts_itself() -> None:
    first = '{ post = "wenshu", person = "zhang", from = 2026-01-01, to = 2026-06-30 }'
    refused = refusal(first, first + ',\n    { post = "wenshu", person = "zhang", from = 2026-06-30 }')

    assert (refused.line, "wenshu" in refused.why) == (11, True)


def test_a_time_with_a_zone_is_refused() -> None:
    assert refusal("asked = 2026-03-01T09:00:00", "asked = 2026-03-01T09:00:00Z").line == 19


@pytest.mark.parametrize("text", ["", "\n", "format = 1", "x = [[[1]]]", 'a."b c".d = 1\n'])
def test_any_other_toml_is_refused(text: str) -> None:
    with pytest.raises(NotACase):
        read_case(text)
