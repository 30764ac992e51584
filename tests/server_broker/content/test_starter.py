"""The starter packs can be published as they are, and keep to the bounds that make them pleasant to play."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from protocol.packs import Pack, Question, read_pack

STARTER = Path(__file__).resolve().parents[3] / "server_broker" / "content" / "starter"
FILES = sorted(STARTER.glob("*.json"))
CITED = re.compile(r"《[^》]+》.*(?:第.+?条|第.+?章|第.+?节|第.+?部分|附件|“[^”]+”)")
OFFICE = ("不断", "切实", "进一步", "高度重视", "狠抓", "抓好落实")


def pack(path: Path) -> Pack:
    return read_pack(msgspec.msgpack.encode(msgspec.json.decode(path.read_bytes())))


def questions(path: Path) -> list[Question]:
    return [question for level in pack(path).levels for question in level.questions]


def test_there_are_packs_and_each_has_its_own_id() -> None:
    assert FILES
    assert [pack(path).id for path in FILES] == [path.stem for path in FILES]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_pack_is_a_sample_of_short_levels(path: Path) -> None:
    read = pack(path)
    assert read.sample
    assert 4 <= len(read.levels) <= 5
    assert len(questions(path)) >= 34
    assert [(level.id, level.draw) for level in read.levels] == [(f"l{n}", 6) for n in range(1, len(read.levels) + 1)]
    assert all(8 <= len(level.questions) <= 10 for level in read.levels)
    assert all(level.name.startswith(f"第{digit}关 ") for level, digit in zip(read.levels, "一二三四五", strict=False))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_question_is_short_plain_and_names_its_source(path: Path) -> None:
    for question in questions(path):
        assert len(question.stem) <= 45, question.id
        assert all(len(option) <= 16 for option in question.options), question.id
        assert len(set(question.options)) == len(question.options), question.id
        assert len(question.explanation) <= 90, question.id
        assert CITED.search(question.source), question.id
        said = question.stem + question.explanation + "".join(question.options)
        assert not [word for word in OFFICE if word in said], question.id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_kinds_are_mixed_and_have_as_many_options_as_they_should(path: Path) -> None:
    bounds = {"single": (3, 4), "true_false": (2, 2), "multiple": (4, 5), "ordering": (3, 5)}
    for question in questions(path):
        least, most = bounds[question.kind]
        assert least <= len(question.options) <= most, question.id
        if question.kind == "true_false":
            assert question.options == ["对", "错"], question.id
        if question.kind == "multiple":
            assert 2 <= len(question.answer) < len(question.options), question.id
        if question.kind == "ordering":
            assert question.answer != sorted(question.answer), question.id
    kinds = Counter(question.kind for question in questions(path))
    assert set(kinds) == set(bounds)
    assert kinds["single"] * 2 > kinds.total()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_right_answer_has_no_place_or_length_of_its_own(path: Path) -> None:
    single = [question for question in questions(path) if question.kind == "single"]
    places = Counter(question.answer[0] for question in single)
    assert all(places[place] * 8 >= len(single) for place in range(3))
    assert max(places.values()) * 5 <= len(single) * 2
    by_length = [sorted(question.options, key=len) for question in single]
    longest = [
        question.id
        for question, (*_, second, last) in zip(single, by_length, strict=True)
        if len(second) < len(last) and question.options[question.answer[0]] == last
    ]
    assert len(longest) * 5 <= len(single) * 2
    right = Counter(question.answer[0] for question in questions(path) if question.kind == "true_false")
    assert abs(right[0] - right[1]) <= 2


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_ids_count_up_through_a_pack(path: Path) -> None:
    numbers = [int(question.id.removeprefix("q")) for question in questions(path)]
    assert all(len(question.id) >= 3 for question in questions(path))
    assert numbers[0] == 1
    assert all(after == before + 1 for before, after in pairwise(numbers))


def test_no_stem_comes_twice() -> None:
    stems = Counter(question.stem for path in FILES for question in questions(path))
    assert [stem for stem, times in stems.items() if times > 1] == []
