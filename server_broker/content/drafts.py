"""A question as somebody wrote it, judged: a `protocol.packs.Question`, or every reason why it is none.

Each reason has a stable code, for programs, and a Chinese sentence for the person who mends it. The codes that only
one format has stand with that format.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from protocol.packs import (
    MAX_EXPLANATION,
    MAX_OPTION,
    MAX_OPTIONS,
    MAX_SOURCE,
    MAX_STEM,
    Question,
    QuestionKind,
)
from protocol.plain_text import is_clean
from protocol.units import MAX_SHORT_TEXT, is_file_name
from server_broker.content.bank import question_id, tidy, unbroken

LETTERS = "ABCDEF"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason why a question is not taken."""

    code: str
    says: str


class NotTaken(Exception):
    """A question is not taken, for one or more reasons."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__("；".join(refusal.says for refusal in refusals))
        self.refusals = refusals


def refused(code: str, says: str) -> NotTaken:
    """Return the error for a question with one reason."""
    return NotTaken(Refusal(code, says))


@dataclass(slots=True)
class QuestionDraft:
    """A question as it was written. ``line`` is the line or the row of the file where it begins.

    ``kind`` is None if the file names one that nobody knows; then a reason is there already. ``answer`` holds option
    numbers from 0. ``notes`` say in Chinese what of the file is left off.
    """

    line: int
    kind: QuestionKind | None
    stem: str
    options: list[str]
    answer: list[int]
    explanation: str
    source: str
    id: str = ""
    level: str = ""
    picture: str = ""
    sound: str = ""
    notes: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    """What the reader of the format found."""


def judge(draft: QuestionDraft) -> Question:
    """Return the question in its usual form.

    Raises:
        NotTaken: It is none. All reasons are named.
    """
    found, kind = list(draft.refusals), draft.kind
    # One look at all of them, because a large file has millions.
    is_all_clean = is_clean("\n".join((draft.id, draft.stem, *draft.options, draft.explanation, draft.source)))
    put_right = unbroken if is_all_clean else tidy
    stem, options = put_right(draft.stem), [put_right(option) for option in draft.options]
    explanation, source = put_right(draft.explanation), put_right(draft.source)
    found += _of_text(stem, MAX_STEM, "stem", "题目")
    found += _of_text(explanation, MAX_EXPLANATION, "explanation", "解释")
    found += _of_text(source, MAX_SOURCE, "source", "出处")
    found += _of_options(options)
    # Of an answer that could not be read its reader has said so.
    if kind is not None and all(refusal.code != "bad_answer" for refusal in draft.refusals):
        found += _of_answer(kind, draft.answer, len(options))
    identity = put_right(draft.id)
    if len(identity) > MAX_SHORT_TEXT:
        found.append(Refusal("id_long", f"编号太长，最多 {MAX_SHORT_TEXT} 个字"))
    found += _of_file("picture", "图片", draft.picture) + _of_file("sound", "声音", draft.sound)
    if not is_all_clean:
        found.append(Refusal("unseen_signs", "含有看不见的字符，或一个字上叠了太多符号"))
    if found or kind is None:
        raise NotTaken(*found)
    return Question(
        id=identity or question_id(stem, options),
        kind=kind,
        stem=stem,
        options=options,
        answer=sorted(draft.answer) if kind == "multiple" else draft.answer,
        explanation=explanation,
        source=source,
        picture=draft.picture or None,
        sound=draft.sound or None,
    )


def _of_text(text: str, longest: int, word: str, shown: str) -> list[Refusal]:
    if not text:
        return [Refusal(f"no_{word}", f"没有{shown}")]
    if len(text) > longest:
        return [Refusal(f"{word}_long", f"{shown}有 {len(text)} 个字，最多 {longest} 个字")]
    return []


def _of_options(options: Sequence[str]) -> Iterator[Refusal]:
    if not 2 <= len(options) <= MAX_OPTIONS:
        yield Refusal("options_count", f"有 {len(options)} 个选项，要有 2 到 {MAX_OPTIONS} 个")
    # Only so many are named; a hostile file has thousands.
    for letter, option in zip(LETTERS, options, strict=False):
        if not option:
            yield Refusal("option_empty", f"选项 {letter} 是空的")
        elif len(option) > MAX_OPTION:
            yield Refusal("option_long", f"选项 {letter} 有 {len(option)} 个字，最多 {MAX_OPTION} 个字")
    if len(set(options)) < len(options):
        yield Refusal("option_twice", "有两个选项一模一样")


_FITS: dict[QuestionKind, tuple[Callable[[Sequence[int], int], bool], str]] = {
    "single": (lambda answer, _: len(answer) == 1, "单选题要有一个正确答案"),
    "true_false": (lambda answer, count: len(answer) == 1 and count == 2, "判断题要有两个选项、一个正确答案"),
    "multiple": (lambda answer, _: len(answer) == len(set(answer)), "多选题的答案里，同一个选项写了两次"),
    "ordering": (lambda answer, count: sorted(answer) == list(range(count)), "排序题的答案要把每个选项各写一次"),
}


def _of_answer(kind: QuestionKind, answer: Sequence[int], count: int) -> Iterator[Refusal]:
    if not answer:
        yield Refusal("no_answer", "没有正确答案")
    elif not all(0 <= number < count for number in answer):
        yield Refusal("answer_outside", f"答案不在选项里：只有 {count} 个选项")
    elif not _FITS[kind][0](answer, count):
        yield Refusal("answer_count", _FITS[kind][1])


def _of_file(code: str, shown: str, name: str) -> list[Refusal]:
    if not name or is_file_name(name):
        return []
    return [Refusal(f"bad_{code}", f"{shown}要写文件名，不带文件夹，最多 {MAX_SHORT_TEXT} 个字：{name[:20]}")]
