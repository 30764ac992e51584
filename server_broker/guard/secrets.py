"""Find what is marked as secret or as not for everybody."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from server_broker.guard.zones import CELL, UNSEEN

MARKS = "绝密 机密 秘密"
PHRASES: Mapping[str, Sequence[str]] = {
    "内部资料": (),
    "内部文件": (),
    "内部参考": (),
    "内部使用": (),
    "内部掌握": (),
    "仅供内部": (),
    "只限内部": (),
    "不得外传": (),
    "请勿外传": (),
    "禁止外传": (),
    "严禁外传": (),
    "不要外传": (),
    "不许外传": (),
    "不准外传": (),
    "不得外泄": (),
    "严禁外泄": (),
    "不得扩散": (),
    "注意保密": (),
    "请予保密": (),
    "不予公开": ("不予公开的情形", "不予公开的范围", "不予公开范围"),
    "不宜公开": (),
    "涉密材料": (),
    "涉密文件": (),
    "涉密信息": (),
    "涉密内容": (),
    "涉密事项": (),
    "涉密载体": (),
}
"""What the product brings: a phrase, and the longer ones in which it is harmless. A county adds its own."""
_SPACE = rf"[ \t{UNSEEN}]"
_NOTHING = dict.fromkeys(map(ord, f" \t\n{UNSEEN}"))
_BREAK = rf"(?:\n{{1,2}}{_SPACE}{{0,6}})?"
"""The end of a line, which some systems write with two signs."""
_WORD = "(?:" + "|".join(rf"{a}{_SPACE}{{0,6}}{_BREAK}密" for a in "绝机秘") + ")"
_OF_STATE = rf"(?:国{_SPACE}*家|工{_SPACE}*作){_SPACE}*{_BREAK}秘{_SPACE}*{_BREAK}密"
_PAPER = "(?:[本此该]|这[份个]|以上|上述|文件|材料|通知|方案|附件|名单)"
_OPEN, _CLOSE = r"[【(\[〔〈<]", r"[】)\]〕〉>]"
_EDGE = rf"(?:[\n|。、{CELL}]|^)"
_MARK = re.compile(
    "|".join(
        (
            rf"{_WORD}{_SPACE}*[★☆*]",
            rf"密{_SPACE}*级{_SPACE}*[::。、|{CELL}]?{_SPACE}*(?:{_OF_STATE}|{_WORD})",
            rf"{_OPEN}{_SPACE}*(?:{_OF_STATE}|{_WORD}){_SPACE}*{_CLOSE}",
            rf"{_WORD}(?:级(?!别)|文件|材料|件(?=[\s。、,,!！)]|$))",
            # Said of a paper, and not of secrets in general.
            rf"{_PAPER}[^\n。、{CELL}]{{0,8}}(?<![不非未])(?:属于?|系|定为|列为|涉及|含有?){_SPACE}*{_OF_STATE}(?!的|法|罪|事项范围)(?=[\s。,!！)|{CELL}]|、(?!商业|工作|国家|个人)|$)",
            # As a head of its own, or with what follows it in a head: how long it is secret.
            rf"{_EDGE}{_SPACE}*{_WORD}(?=[\s|{CELL}{UNSEEN}。、!！]|[0-9]|$)",
        )
    )
)


def marks_in(reading: str) -> Iterator[tuple[int, int, str]]:
    """Return where a level of secrecy is marked, and what stands there.

    The words themselves are harmless: people vote in secret, and a film may be called so. What counts is the form.
    """
    if "密" in reading:
        for found in _MARK.finditer(reading):
            yield found.start(), found.end(), found.group()


def phrases_in(reading: str, words: Mapping[str, Sequence[str]]) -> Iterator[tuple[int, int, str]]:
    """Return where a word stands that is not part of one of its harmless phrases.

    Blanks, the end of a line, and signs that nobody sees may stand between the letters of a word.
    """
    dense = reading.translate(_NOTHING)
    for word in words:
        if word.translate(_NOTHING) not in dense:
            continue
        passed = [span.span() for phrase in words[word] for span in _spaced(phrase).finditer(reading)]
        for found in _spaced(word).finditer(reading):
            start, end = found.span()
            if not any(first <= start and end <= last for first, last in passed):
                yield start, end, word


@lru_cache(maxsize=2_000)
def _spaced(word: str) -> re.Pattern[str]:
    return re.compile(rf"{_SPACE}*{_BREAK}".join(re.escape(sign) for sign in word.translate(_NOTHING)))
