"""What GIFT has no words for and we write into its comments, which a Moodle passes over or keeps as tags.

Before the levels stand lines such as ``// 题库名称：示例题库``. Before a question stands ``// [tag:图片=tu.jpg]``: of
Moodle's own form, so that a Moodle shows it with the question as a tag and exports it again. ``[id:…]`` is Moodle's
too, its ID number.
"""

import datetime as dt
import re
from collections.abc import Iterator

from server_broker.content.gathering import Head

BANK_ID, TITLE, SAMPLE, OWNER, REVIEW = "题库编号", "题库名称", "示例", "负责人", "复审日期"
LEVEL_ID, DRAW = "关号", "每次抽题"
PICTURE, SOUND, KIND = "图片", "声音", "题型"
YES = "是"
TRUE_FALSE_KIND = "判断"
_SAID = re.compile(rf"//\s*({'|'.join((BANK_ID, TITLE, SAMPLE, OWNER, REVIEW, LEVEL_ID, DRAW))})\s*[:：]\s*(.+)")
_TAG = re.compile(r"\[(id|tag):((?:\\\]|[^\]\x00-\x1f]){1,255})\]")


def said(comment: str) -> tuple[str, str] | None:
    """Return what a line says of the bank or a level: a word and its value; None for any other comment."""
    found = _SAID.fullmatch(comment)
    return (found[1], found[2].strip()) if found else None


def say(word: str, value: str) -> str:
    """Return the line that says it."""
    return f"// {word}：{value}"


def tell_head(head: Head, word: str, value: str) -> None:
    """Put what a line says of the bank into its head. A date that is none counts for nothing."""
    match word:
        case "题库编号":
            head.id = value
        case "题库名称":
            head.title = value
        case "示例":
            head.sample = value == YES
        case "负责人":
            head.owner = value
        case "复审日期":
            head.review_by = _date(value)


def _date(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None


def tags(comments: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what the comments of a question say of it: ``id`` and its value, or a word of ours and its value."""
    for comment in comments:
        for kind, written in _TAG.findall(comment):
            value = written.replace("\\]", "]").strip()
            if kind == "id":
                yield kind, value
                continue
            word, sign, after = value.partition("=")
            if sign and word in (PICTURE, SOUND, KIND):
                yield word, after


def tag(word: str, value: str) -> str:
    """Return the tag that says it."""
    written = f"{word}={value}".replace("]", "\\]")
    return f"[tag:{written}]"
