"""GIFT comes in as a Moodle reads it, and every question of a file is accounted for."""

import pytest

from server_broker.content.bank import question_id
from tests.server_broker.content.banks import gift

END = "####因为如此。\\n出处：《示例办法》第一条}"


def only(text: str) -> tuple[str, list[str], list[int]]:
    """Return kind, options and answer of the one question of a text, which is taken."""
    _, (outcome,) = gift(text)
    assert outcome.question is not None, outcome.refusals
    return outcome.question.kind, outcome.question.options, outcome.question.answer


@pytest.mark.parametrize(
    ("answers", "kind", "options", "right"),
    [
        ("{=甲 ~乙 ~丙", "single", ["甲", "乙", "丙"], [0]),
        ("{~甲 ~%0%乙\n=丙\n", "single", ["甲", "乙", "丙"], [2]),
        ("{~%-50%甲 =乙", "single", ["甲", "乙"], [1]),
        ("{~%50%甲 ~%-100%乙 ~%50%丙", "multiple", ["甲", "乙", "丙"], [0, 2]),
        ("{~%33.33333%甲~%33.33333%乙~%33.33333%丙", "multiple", ["甲", "乙", "丙"], [0, 1, 2]),
        ("{~%100%甲 ~乙", "multiple", ["甲", "乙"], [0]),
        ("{T", "true_false", ["对", "错"], [0]),
        ("{ FALSE ", "true_false", ["对", "错"], [1]),
        ("{TRUE#错了#对了", "true_false", ["对", "错"], [0]),
        ("{=晾干 -> 2 =收割 -> 1 =入仓->3", "ordering", ["晾干", "收割", "入仓"], [1, 0, 2]),
        ("{=1\\=1 ~\\{甲\\}\\~\\#\\:", "single", ["1=1", "{甲}~#:"], [0]),
        ("{=[html]<b>甲</b>&amp;乙 ~[plain]<b>丙", "single", ["甲&乙", "<b>丙"], [0]),
        ("{=[markdown]**甲**和[乙](http://示例) ~丙", "single", ["甲和乙", "丙"], [0]),
        ("{=甲\\\\n ~乙", "single", ["甲\\n", "乙"], [0]),
        ("{=甲 //不是注释\n//是注释\n~乙", "single", ["甲 //不是注释", "乙"], [0]),
    ],
)
def test_a_question_is_read_as_moodle_reads_it(answers: str, kind: str, options: list[str], right: list[int]) -> None:
    assert only(f"示例题目？{answers}{END}") == (kind, options, right)


def test_a_gap_in_a_single_is_part_of_its_stem() -> None:
    _, (outcome,) = gift(f"村务{{=公开 ~保密{END}是大家的事。")
    assert outcome.question is not None
    assert outcome.question.stem == "村务_____是大家的事。"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("写一写你的看法。{}", "essay"),
        (f"写一写。{{{END}", "essay"),
        ("几岁？{#18:1}", "numerical"),
        ("谁？{=甲 =乙}", "short_answer"),
        ("谁？{甲}", "short_answer"),
        ("对吗？{true}", "short_answer"),
        ("今天我们学习防汛。", "description"),
        ("配对。{=甲 -> 乙 =丙 -> 丁}", "matching"),
        ("配对。{=甲 -> 1 =乙 -> 1}", "matching"),
        ("配对。{=甲 -> 1 =乙}", "matching_form"),
        ("谁？{=甲 =乙 ~丙}", "several_right"),
        ("谁？{=甲 ~%50%乙 ~丙}", "partial_credit"),
        ("谁？{~%50%甲 ~乙}", "bad_weight"),
        ("谁？{~%60%甲 ~%60%乙 ~丙}", "bad_weight"),
        ("前{T}后", "missing_word"),
        ("前{~%50%甲 ~%50%乙}后", "missing_word"),
        ("谁？{=甲 ~乙", "braces"),
        ("谁？=甲 ~乙}", "braces"),
        ("谁？}=甲 ~乙{", "braces"),
        ("谁？{=甲 {~乙}", "braces"),
        ("谁？{=甲 ~乙}}", "braces"),
        ("谁？{=甲 ~乙}\n谁？{=甲 ~乙}", "two_in_one"),
        (f"看图。<img src='a.jpg'>{{T{END}", "picture_in_text"),
        (f"[markdown]![图](a.jpg){{T{END}", "picture_in_text"),
        (f"10<sup>3</sup>{{T{END}", "markup"),
        (f"[html]a<b 没有完{{T{END}", "markup"),
        (f"算 $$x^2$${{T{END}", "formula"),
        (f"零宽\u200b字{{T{END}", "unseen_signs"),
        (f"替身\ufdd3字{{T{END}", "unseen_signs"),
        ("谁？{=甲 ~乙}", "no_explanation"),
        ("谁？{=甲 ~乙####因为。}", "no_source"),
        ("谁？{=甲 ~乙####出处：《示例办法》}", "no_explanation"),
        (f"{{=甲 ~乙{END}", "no_stem"),
        (f"{'长' * 61}{{T{END}", "stem_long"),
        (f"谁？{{={'长' * 25} ~乙{END}", "option_long"),
        (f"谁？{{=甲 ~甲{END}", "option_twice"),
        (f"谁？{{=甲 ~{END}", "option_empty"),
        (f"谁？{{~甲 ~乙{END}", "no_answer"),
        (f"谁？{{=1~2~3~4~5~6~7{END}", "options_count"),
        (f"谁？{{T####{'长' * 121}\\n出处：书}}", "explanation_long"),
        (f"谁？{{T####因为\\n出处：{'书' * 61}}}", "source_long"),
        (f"::{'长' * 65}::谁？{{T{END}", "id_long"),
        (f"// [tag:图片=../a.jpg]\n谁？{{T{END}", "bad_picture"),
        ("谁？{T\n" + "甲\n" * 300 + "}", "too_long"),
        ("谁？{T\n" + "甲" * 40_000 + "}", "too_long"),
        ("$CATEGORY: 甲/乙\n谁？{T}", "category_not_alone"),
    ],
)
def test_what_is_not_taken_is_refused_with_its_line_and_reason(text: str, code: str) -> None:
    bank, (outcome,) = gift(f"\n// 注释\n\n{text}\n\n")
    assert outcome.line == 4 + text.startswith("//")
    assert code in [refusal.code for refusal in outcome.refusals]
    assert all(refusal.says for refusal in outcome.refusals)
    assert outcome.question is None
    assert not list(bank.questions())


def test_what_follows_a_refused_question_is_read() -> None:
    good = f"::好::好的？{{T{END}"
    _, outcomes = gift(f"{good}\n\n坏的{{\n\n{good.replace('好::', '好2::')}")
    assert [(outcome.line, outcome.id, bool(outcome.question)) for outcome in outcomes] == [
        (1, "好", True),
        (3, "", False),
        (5, "好2", True),
    ]


def test_an_id_is_taken_once() -> None:
    _, (_, second) = gift(f"::甲::一？{{T{END}\n\n::甲::二？{{T{END}")
    assert second.refusals[0].code == "id_twice"
    assert "第 1 行" in second.refusals[0].says


def test_a_question_without_an_id_gets_one_from_what_it_asks() -> None:
    bank, _ = gift(f"一？{{=甲 ~乙{END}")
    mended, _ = gift("一？{~甲 =乙####原来答错了。\\n出处：书}")
    expected = question_id("一？", ["甲", "乙"])
    assert [question.id for question in bank.questions()] == [expected]
    assert [question.id for question in mended.questions()] == [expected]


def test_moodles_own_id_number_counts_before_the_name() -> None:
    _, (outcome,) = gift(f"// question: 17  name: 甲\n// [id:q17] [tag:图片=a\\]b.jpg] [tag:易]\n::甲::一？{{T{END}")
    assert outcome.question is not None
    assert (outcome.question.id, outcome.question.picture, outcome.line) == ("q17", "a]b.jpg", 3)


@pytest.mark.parametrize(
    ("categories", "title", "names"),
    [
        (["防汛/看懂预警", "防汛/早做准备", "防汛/看懂预警"], "防汛", ["看懂预警", "早做准备"]),
        (["$course$/top/防汛/预警"], "防汛", ["预警"]),
        (["$course$/防汛"], "示例题库", ["防汛"]),
        (["防汛"], "示例题库", ["防汛"]),
        (["防汛/县里/预警", "用药/药盒"], "防汛", ["县里·预警", "用药·药盒"]),
        (["甲 / 乙//丙"], "甲", ["乙/丙"]),
    ],
)
def test_a_category_is_the_pack_and_the_level(categories: list[str], title: str, names: list[str]) -> None:
    blocks = [f"$CATEGORY: {category}\n\n::{n}::题{n}？{{T{END}" for n, category in enumerate(categories)]
    bank, outcomes = gift("\n\n".join(blocks))
    assert bank.title == title
    assert [level.name for level in bank.levels] == names
    assert len(outcomes) == len(categories) == len(list(bank.questions()))


def test_feedback_of_options_is_the_explanation_where_there_is_no_other() -> None:
    _, (outcome,) = gift("谁？{=甲#对，就是他。 ~乙#不是他。\n出处：书}")
    assert outcome.question is not None
    assert (outcome.question.explanation, outcome.question.source) == ("对，就是他。 不是他。", "书")


def test_feedback_beside_an_explanation_is_named_as_left_off() -> None:
    _, (outcome,) = gift(f"谁？{{=甲#对 ~乙{END}")
    assert outcome.question is not None
    assert outcome.question.explanation == "因为如此。"
    assert outcome.notes == ("选项各自的反馈没有导入，解释用的是总的反馈",)


def test_a_level_that_is_full_takes_no_more() -> None:
    text = "\n\n".join(f"::{number}::题{number}？{{T{END}" for number in range(201))
    bank, outcomes = gift(text)
    assert len(list(bank.questions())) == 200
    assert outcomes[-1].refusals[0].code == "level_full"


def test_levels_beyond_the_most_are_refused() -> None:
    text = "\n\n".join(f"$CATEGORY: 甲/关{number}\n\n题{number}？{{T{END}" for number in range(51))
    bank, outcomes = gift(text)
    assert len(bank.levels) == 50
    assert outcomes[-1].refusals[0].code == "levels_full"
