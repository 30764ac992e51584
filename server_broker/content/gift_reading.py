r"""Read question banks in GIFT, the text format of Moodle's question bank, and account for every question.

The format is "GIFT format" of MoodleDocs (https://docs.moodle.org/35/en/GIFT_format, that of Moodle 3.5; later
versions add ``[id:…]`` and ``[tag:…]`` in comments). Where the page says too little, a question is read as Moodle's
own ``question/format/gift/format.php`` reads it: the same sign ends a question here and there.

A block of lines between blank lines is one question. ``$CATEGORY: pack/level`` names the level of those that follow.

=============================== ==========================================================================
``{=right ~wrong ~wrong}``      single; also with text after it, where ``_____`` stands for the gap
``{~%50%right ~%50%right ~no}`` multiple: what has a weight above 0 is right
``{T}`` ``{F}``                 true_false
``{=first -> 1 =second -> 2}``  ordering; any other matching is refused
``####``                        the explanation; a line of it that begins with 出处： is the source
``// [tag:图片=a.jpg]``           the picture; 声音 in the same way (`server_broker.content.gift_marks`)
=============================== ==========================================================================

Feedback of single options is the explanation if there is no other; otherwise it is left off and a note says so.

There are two libraries on PyPI, and neither does: pygiftparser 1.1 (2017) has no line numbers and reads what is wrong
as something else; pygiftparserrgmf 0.0.5 (2022) adds the text up sign by sign, stops at the first error, and is under
the AGPL.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from server_broker.content import gift_marks as marks
from server_broker.content.bank import TRUE_FALSE
from server_broker.content.drafts import NotTaken, QuestionDraft, refused
from server_broker.content.gathering import GatheredLevel, Gathering, Outcome
from server_broker.content.gift_signs import has_stand_in, hide, show
from server_broker.content.marked_text import DEFAULT, plain, split_mark

MAX_BLOCK_LINES, MAX_BLOCK_CHARACTERS = 200, 32_768
_LONGEST_COMMENT = 1_000
FIRST_LEVEL = "第一关"
"""Of questions before the first ``$CATEGORY``."""
GAP = "_____"
ARROW = "->"
_CATEGORY = "$CATEGORY:"
_SLASH = re.compile(r"(?<!/)/(?!/)")
_CONTEXT = re.compile(r"\$(?:course|coursecat|module|system|user)\d*\$")
_SOURCE = re.compile(r"(?:出处|来源|依据)\s*[:：]\s*(.*)")
_WEIGHT = re.compile(r"%(-?[0-9]{1,3}(?:\.[0-9]{0,9})?)%")
_LEAST_WEIGHT, _MOST_WEIGHT = 99.0, 101.0
"""The weights of the right answers make 100 together, as far as thirds can."""


@dataclass(slots=True)
class _Block:
    """The lines of one question, and the comments among them."""

    line: int = 0
    texts: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    characters: int = 0
    too_long: bool = False

    def add(self, number: int, text: str) -> None:
        if text.startswith("//"):
            # Only so much, because what is ours in a comment is short.
            if len(self.comments) < MAX_BLOCK_LINES:
                self.comments.append(text[:_LONGEST_COMMENT])
            return
        self.line = self.line or number
        self.characters += len(text)
        if len(self.texts) == MAX_BLOCK_LINES or self.characters > MAX_BLOCK_CHARACTERS:
            self.too_long = True
        if not self.too_long:
            self.texts.append(text)


@dataclass(slots=True)
class _Answer:
    """One option of a question as it is written."""

    text: str
    feedback: str
    weight: float = 0.0
    is_marked: bool = False
    """It begins with ``=``, which is right by itself."""

    @property
    def is_right(self) -> bool:
        return self.is_marked or self.weight > 0


def read_gift(lines: Iterable[str], into: Gathering) -> Iterator[Outcome]:
    """Read a file and yield what became of each question, in order. The bank is in ``into`` at the end."""
    reader = _Reader(into)
    block = _Block()
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text:
            block.add(number, text)
            continue
        yield from reader.read(block)
        block = _Block()
    yield from reader.read(block)


class _Reader:
    """Reads block after block, and knows the level in which the next question stands."""

    def __init__(self, into: Gathering) -> None:
        self._into = into
        self._level: GatheredLevel | None = None
        self._said: dict[str, str] = {}
        """What comments say of the level that comes next."""

    def read(self, block: _Block) -> Iterator[Outcome]:
        for comment in block.comments:
            if (told := marks.said(comment)) is not None:
                self._said[told[0]] = told[1]
                marks.tell_head(self._into.head, *told)
        if not block.line:
            return
        if block.texts and block.texts[0].startswith(_CATEGORY):
            yield from self._category(block)
            return
        if self._level is None:
            self._level = self._begin_level(FIRST_LEVEL)
        draft = QuestionDraft(block.line, None, "", [], [], "", "")
        try:
            _read_question(block, draft)
        except NotTaken as reason:
            draft.refusals += reason.refusals
            draft.kind = None
            yield Outcome(block.line, draft.id[:64], self._level, None, tuple(draft.refusals), tuple(draft.notes))
            return
        yield self._into.take(draft, self._level)

    def _category(self, block: _Block) -> Iterator[Outcome]:
        if len(block.texts) > 1 or block.too_long:
            words = "$CATEGORY 这一行下面要空一行，否则 Moodle 把后面的题当成分类的名称"
            yield Outcome(block.line, "", None, None, refused("category_not_alone", words).refusals)
        self._level = self._begin_level(block.texts[0][len(_CATEGORY) :].strip())

    def _begin_level(self, written: str) -> GatheredLevel:
        path = [part.strip().replace("//", "/") for part in _SLASH.split(written.replace("\\\\", "\\"))]
        if len(path) > 1 and _CONTEXT.fullmatch(path[0]):
            path = path[1:]
            if len(path) > 1 and path[0] == "top":
                path = path[1:]
        if len(path) > 1:
            head = self._into.head
            head.category = head.category or path[0]
            # A bank has one title. What stands in another pack keeps its name in that of its level.
            path = path[1:] if path[0] == head.category else path
        draw = self._said.pop(marks.DRAW, "")
        return self._into.level(
            "·".join(path),
            id=self._said.pop(marks.LEVEL_ID, ""),
            draw=int(draw) if draw.isascii() and draw.isdigit() and len(draw) < 4 else None,
        )


def _read_question(block: _Block, draft: QuestionDraft) -> None:
    """Take a block apart into a draft.

    Raises:
        NotTaken: It is no question of a kind that we have, or not well-formed.
    """
    if block.too_long:
        words = f"这道题超过 {MAX_BLOCK_LINES} 行或 {MAX_BLOCK_CHARACTERS} 个字。两道题之间要空一行"
        raise refused("too_long", words)
    whole = "\n".join(block.texts)
    if has_stand_in(whole):
        raise refused("unseen_signs", "含有看不见的字符")
    told = dict(marks.tags(block.comments))
    draft.picture, draft.sound = told.get(marks.PICTURE, ""), told.get(marks.SOUND, "")
    text = _named(hide(whole), draft)
    draft.id = told.get("id", draft.id)
    stem, answers, has_gap = _split(text)
    answers, sign, general = answers.rpartition("####") if "####" in answers else (answers, "", "")
    asked, form = split_mark(stem, DEFAULT)
    draft.stem = plain(show(asked), form, draft.notes)
    feedback = _read_answers(answers.strip(), form, draft)
    if has_gap and draft.kind != "single":
        raise refused("missing_word", "句子中间留空的题只能是单选")
    if told.get(marks.KIND) == marks.TRUE_FALSE_KIND and draft.kind == "single" and len(draft.options) == 2:
        draft.kind = "true_false"
    _explain(_plain(general, form, draft.notes) if sign else "", feedback, form, draft)


def _named(text: str, draft: QuestionDraft) -> str:
    if not text.startswith("::"):
        return text
    name, sign, rest = text[2:].partition("::")
    if not sign:
        return text[2:]
    draft.id = show(name).strip()
    return rest.strip()


def _split(text: str) -> tuple[str, str, bool]:
    """Return the stem, what stands in the braces, and whether the stem has a gap because text follows them."""
    start, end = text.find("{"), text.find("}")
    if start < 0 and end < 0:
        raise refused("description", "只有文字，没有 { } 里的答案，不是题目")
    if start < 0 or end < start:
        raise refused("braces", "{ 和 } 没有成对。文字里要用它们，请写成 \\{ 和 \\}")
    answers, after = text[start + 1 : end], text[end + 1 :].rstrip()
    if "{" in answers or "}" in after.partition("{")[0]:
        raise refused("braces", "{ 和 } 没有成对。文字里要用它们，请写成 \\{ 和 \\}")
    if "{" in after:
        raise refused("two_in_one", "这一段里有两组 { }。两道题之间要空一行")
    return f"{text[:start]}{GAP if after else ''}{after}".strip(), answers, bool(after)


def _read_answers(answers: str, form: str, draft: QuestionDraft) -> list[str]:
    """Find out the kind of a question as Moodle does, read its answers, and return the feedback of single options."""
    if not answers:
        raise refused("essay", "是问答题（{ } 里没有答案），屏幕上答不了")
    if answers[0] == "#":
        raise refused("numerical", "是填数字的题，屏幕上答不了；请改成单选")
    if "~" in answers:
        return _choice(answers, form, draft)
    if "=" in answers and ARROW in answers:
        _ordering(answers, form, draft)
        return []
    word, _, feedback = answers.partition("#")
    if word.strip() not in ("T", "TRUE", "F", "FALSE"):
        raise refused("short_answer", "是填空或简答题，屏幕上答不了；请改成单选")
    draft.kind = "true_false"
    draft.options, draft.answer = list(TRUE_FALSE), [0 if word.strip()[0] == "T" else 1]
    return feedback.split("#", 1)


def _choice(answers: str, form: str, draft: QuestionDraft) -> list[str]:
    draft.kind = "single" if "=" in answers else "multiple"
    given = [_option(part) for part in _parts(answers.replace("=", "~="), "~")]
    if draft.kind == "multiple":
        _check_weights(given)
    elif sum(answer.is_marked for answer in given) > 1:
        raise refused("several_right", "有几个“=”：选哪一个都算对。我们的单选只有一个正确答案；多选请写权重")
    elif any(answer.weight > 0 for answer in given):
        raise refused("partial_credit", "有的选项算一部分对，屏幕上的题只有对和错")
    draft.options = [_plain(answer.text, form, draft.notes) for answer in given]
    draft.answer = [number for number, answer in enumerate(given) if answer.is_right]
    return [answer.feedback for answer in given]


def _parts(answers: str, sign: str) -> list[str]:
    """Return what stands after each sign; also before the first one, if anything does."""
    parts = [part.strip() for part in answers.split(sign)]
    return parts if parts[0] else parts[1:]


def _option(written: str) -> _Answer:
    text, _, feedback = written.partition("#")
    if text.startswith("="):
        return _Answer(text[1:], feedback, is_marked=True)
    if weight := _WEIGHT.match(text):
        return _Answer(text[weight.end() :], feedback, float(weight[1]))
    return _Answer(text, feedback)


def _check_weights(given: list[_Answer]) -> None:
    right = sum(answer.weight for answer in given if answer.is_right)
    if right and not _LEAST_WEIGHT <= right <= _MOST_WEIGHT:
        raise refused("bad_weight", f"正确选项的权重加起来是 {right:g}%，应当是 100%")


def _ordering(answers: str, form: str, draft: QuestionDraft) -> None:
    draft.kind = "ordering"
    option_at: dict[str, int] = {}
    for number, part in enumerate(_parts(answers, "=")):
        step, sign, place = part.partition(ARROW)
        if not sign:
            raise refused("matching_form", "每一步要写成 =步骤 -> 序号")
        draft.options.append(_plain(step, form, draft.notes))
        option_at[show(place).strip()] = number
    places = [str(place) for place in range(1, len(draft.options) + 1)]
    if option_at.keys() != set(places):
        raise refused("matching", "是配对题。只有右边是 1、2、3…… 的才能当排序题")
    draft.answer = [option_at[place] for place in places]


def _explain(general: str, feedback: list[str], form: str, draft: QuestionDraft) -> None:
    """Split the explanation from its source, which is the last line that says so."""
    given = [text for text in feedback if text.strip()]
    if general.strip() and given:
        draft.notes.append("选项各自的反馈没有导入，解释用的是总的反馈")
    elif given:
        general = "\n".join(_plain(text, form, draft.notes).strip() for text in given)
    kept = general.strip().split("\n")
    if source := _SOURCE.fullmatch(kept[-1].strip()):
        draft.source = source[1]
        del kept[-1]
    draft.explanation = "\n".join(kept)


def _plain(written: str, form: str, notes: list[str]) -> str:
    text, own = split_mark(written.strip(), form)
    return plain(show(text), own, notes)
