"""Say what an editor should look at in a question bank before it goes out.

A finding either *stops* the bank, because people would get something wrong, or *warns*. Nothing is changed.

Two questions are near-duplicates if the character 3-grams of their stems and right answers, without signs and blanks,
have a Jaccard index (shared grams by all grams) of `NEAR` or more. No word list is needed for it, and a swapped word
changes only three grams. Pairs are found by prefix filtering (Bayardo, Ma, Srikant 2007, "Scaling up all pairs
similarity search"), which compares only those that share a rare gram.
"""

import datetime as dt
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from protocol.packs import MAX_EXPLANATION, MAX_OPTION, MAX_OPTIONS, MAX_SOURCE, MAX_STEM, Question
from server_broker.content.bank import Bank, pack_problems

type Severity = Literal["stops", "warns"]
COLUMNS, LINES = 51, 13
"""What the smallest kiosk screen, 53 by 15 cells, has for text between its bars."""
_CAP, _LEAD = 4, 10
"""Cells that the number of an option takes, and the words before an answer."""
NEAR = 0.7
LONGEST_SENTENCE = 40
"""Characters. Older people lose the thread of longer ones."""
OFFICIAL_SHARE = 0.1
"""Share of a text's characters in words of circulars."""
REVIEW_SOON = dt.timedelta(days=30)
_WORDS_FILE = Path(__file__).with_name("official_words.txt")
_SENTENCE_END = re.compile(r"[。！？；!?;]")
_UNIT = re.compile(r"[（《「『“‘(]*(?:[!-~]+|.)[，。、；：？！）》」』”’…％%,.;:?!)]*", re.DOTALL)
"""What stays together when a line is broken."""
_VALID_UNTIL = re.compile(
    r"(?:有效期?[至到]|执行[至到]|试行[至到])\s*(\d{4})\s*[-年./]\s*(\d{1,2})\s*[-月./]\s*(\d{1,2})"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to look at. ``question`` is the id of a question, or empty for the bank as a whole."""

    code: str
    severity: Severity
    question: str
    says: str


def lint(bank: Bank, *, today: dt.date) -> list[Finding]:
    """Return what is to be looked at: the bank first, then its questions in order."""
    found = [*_of_bank(bank, today)]
    for question in bank.questions():
        found += [*_of_lengths(question), *_of_answer(question), *_of_screen(question), *_of_words(question)]
        found += _of_source(question, today)
    return [*found, *_near_duplicates(list(bank.questions()))]


def by_question(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings of single questions by their ids."""
    found: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.question:
            found[finding.question].append(finding)
    return found


def _of_bank(bank: Bank, today: dt.date) -> Iterator[Finding]:
    for problem in pack_problems(bank):
        yield Finding("no_pack", "stops", "", problem)
    if not bank.owner:
        yield Finding("no_owner", "warns", "", "没有写谁负责这个题库")
    if bank.review_by is None:
        yield Finding("no_review_date", "warns", "", "没有写复审日期，内容会不知不觉过时")
    elif bank.review_by < today:
        yield Finding("review_over", "stops", "", f"复审日期 {bank.review_by} 已过，请先请人重新看一遍")
    elif bank.review_by - today <= REVIEW_SOON:
        yield Finding("review_soon", "warns", "", f"复审日期 {bank.review_by} 快到了")
    for identity, count in Counter(question.id for question in bank.questions()).items():
        if count > 1:
            yield Finding("id_twice", "stops", identity, f"编号“{identity}”有 {count} 道题")


def _of_lengths(question: Question) -> Iterator[Finding]:
    texts = (("题目", question.stem, MAX_STEM), ("解释", question.explanation, MAX_EXPLANATION))
    for shown, text, longest in (*texts, ("出处", question.source, MAX_SOURCE)):
        if not text.strip():
            code = "no_source" if shown == "出处" else "empty"
            yield Finding(code, "stops", question.id, f"没有{shown}")
        elif len(text) > longest:
            yield Finding("too_long", "stops", question.id, f"{shown}有 {len(text)} 个字，最多 {longest} 个字")
    for number, option in enumerate(question.options, 1):
        if not 1 <= len(option) <= MAX_OPTION:
            says = f"第 {number} 个选项有 {len(option)} 个字，要有 1 到 {MAX_OPTION} 个字"
            yield Finding("too_long" if option else "empty", "stops", question.id, says)


def _of_answer(question: Question) -> Iterator[Finding]:
    count, answer = len(question.options), question.answer
    if not 2 <= count <= MAX_OPTIONS:
        yield Finding("options_count", "stops", question.id, f"有 {count} 个选项，要有 2 到 {MAX_OPTIONS} 个")
    if not answer or not all(0 <= number < count for number in answer):
        yield Finding("answer_outside", "stops", question.id, f"答案不在 {count} 个选项里")
    elif len(set(answer)) < len(answer) or (question.kind == "ordering" and len(answer) < count):
        yield Finding("answer_count", "stops", question.id, "排序题要把每个选项各写一次，别的题每个选项只写一次")
    elif question.kind in ("single", "true_false") and len(answer) != 1:
        yield Finding("answer_count", "stops", question.id, "单选题和判断题只有一个正确答案")
    elif question.kind == "multiple" and len(answer) == count:
        yield Finding("all_right", "warns", question.id, "多选题的选项全对，等于没有选")
    if len(set(question.options)) < count:
        yield Finding("option_twice", "stops", question.id, "有两个选项一模一样")


def _of_screen(question: Question) -> Iterator[Finding]:
    picks = question.kind in ("multiple", "ordering")
    asked = lines_of(question.stem) + 1 + sum(lines_of(option, _CAP) for option in question.options) + picks
    if asked > LINES:
        yield Finding("two_pages", "warns", question.id, f"最小的屏幕上题目要 {asked} 行，只有 {LINES} 行，要翻页")
    told = 1 + _answer_lines(question) + lines_of(question.explanation) + lines_of(f"来源：{question.source}")
    if told > LINES:
        yield Finding("two_pages", "warns", question.id, f"最小的屏幕上解释要 {told} 行，只有 {LINES} 行，要翻页")


def _answer_lines(question: Question) -> int:
    """Return how many lines what was chosen and what is right take at most, below one another."""
    if question.kind == "ordering":
        return 2 + sum(lines_of(option, _CAP) for option in question.options)
    chosen = "、".join(question.options) if question.kind == "multiple" else max(question.options, key=len, default="")
    return lines_of(chosen, _LEAD) + lines_of(_right(question), _LEAD)


def _right(question: Question) -> str:
    return "、".join(question.options[number] for number in question.answer if 0 <= number < len(question.options))


def lines_of(text: str, beside: int = 0) -> int:
    """Return how many lines a text takes on the smallest screen, ``beside`` cells being taken by its cap.

    The kiosk breaks lines between Chinese characters, but no line begins with a comma or ends with an opening bracket,
    and Latin words and numbers stay whole.
    """
    room, lines, used = COLUMNS - beside, 1, 0
    for unit in _UNIT.findall(text):
        width = cells(unit)
        if used and used + width > room:
            lines, used = lines + 1, 0
        used += width
        while used > room:
            lines, used = lines + 1, used - room
    return lines


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes; signs of ambiguous width take two, as the kiosk draws them."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WFA" else 1 for letter in text)


def _of_source(question: Question, today: dt.date) -> Iterator[Finding]:
    if end := _VALID_UNTIL.search(question.source):
        try:
            last = dt.date(int(end[1]), int(end[2]), int(end[3]))
        except ValueError:
            yield Finding("source_date", "warns", question.id, f"出处里没有“{end[0]}”这一天")
            return
        if last < today:
            yield Finding("source_over", "stops", question.id, f"出处只到 {last} 有效，已经过期")


def _of_words(question: Question) -> Iterator[Finding]:
    for shown, text in (("题目", question.stem), ("解释", question.explanation)):
        longest = max((len(part.strip()) for part in _SENTENCE_END.split(text)), default=0)
        if longest > LONGEST_SENTENCE:
            says = f"{shown}里有一句 {longest} 个字，超过 {LONGEST_SENTENCE} 个字，请分成几句"
            yield Finding("long_sentence", "warns", question.id, says)
    whole = f"{question.stem}{''.join(question.options)}{question.explanation}"
    used = _official_words().findall(whole)
    share = sum(map(len, used)) / max(len(whole), 1)
    if share > OFFICIAL_SHARE:
        words = "、".join(dict.fromkeys(used))
        yield Finding("official_words", "warns", question.id, f"文件里的话太多（{words}），请换成平常说的话")


@cache
def _official_words() -> re.Pattern[str]:
    words = [word.strip() for word in _WORDS_FILE.read_text(encoding="utf-8").splitlines()]
    listed = sorted((word for word in words if word and not word.startswith("#")), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, listed)))


def _near_duplicates(questions: Sequence[Question]) -> Iterator[Finding]:
    grams = [_grams(question) for question in questions]
    how_often = Counter(gram for each in grams for gram in each)
    rank: Callable[[str], tuple[int, str]] = lambda gram: (how_often[gram], gram)  # noqa: E731
    having: dict[str, list[int]] = defaultdict(list)
    for place, own in enumerate(grams):
        # Two sets with so large an index share a gram among the rarest of each.
        rarest = sorted(own, key=rank)[: len(own) - math.ceil(NEAR * len(own)) + 1]
        for before in sorted({other for gram in rarest for other in having[gram]}):
            shared = len(own & grams[before])
            if shared >= NEAR * (len(own) + len(grams[before]) - shared):
                says = f"和另一题几乎一样：“{questions[before].stem}”"
                yield Finding("near_duplicate", "warns", questions[place].id, says)
                break
        for gram in rarest:
            having[gram].append(place)


def _grams(question: Question) -> frozenset[str]:
    plain = unicodedata.normalize("NFKC", question.stem + _right(question)).casefold()
    letters = "".join(letter for letter in plain if letter.isalnum())
    return frozenset(letters[start : start + 3] for start in range(max(len(letters) - 2, 1)))
