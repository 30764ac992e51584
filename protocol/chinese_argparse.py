"""Have argparse speak Chinese: its headings, its own help and its errors, for people who read no English.

The programs of both ends use it. It stands here because their rooms never import one another.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

WORDS = {
    "usage: ": "用法：",
    "positional arguments": "要写的",
    "options": "选项",
    "subcommands": "命令",
    "%(heading)s:": "%(heading)s：",
    "show this help message and exit": "显示这段说明",
    " (default: %(default)s)": "（不写就是 %(default)s）",
    "%(prog)s: error: %(message)s\n": "%(prog)s：命令写得不对：%(message)s\n",
    "%(prog)s: warning: %(message)s\n": "%(prog)s：注意：%(message)s\n",
    "argument %(argument_name)s: %(message)s": "%(argument_name)s：%(message)s",
    "the following arguments are required: %s": "缺少 %s",
    "one of the arguments %s is required": "%s 要写其中一个",
    "not allowed with argument %s": "不能和 %s 一起写",
    "unrecognized arguments: %s": "没有这一项：%s",
    "unexpected option string: %s": "没有这一项：%s",
    "ambiguous option: %(option)s could match %(matches)s": "%(option)s 不明确，可能是 %(matches)s",
    "invalid choice: %(value)r (choose from %(choices)s)": "没有 %(value)r，可选：%(choices)s",
    "unknown parser %(parser_name)r (choices: %(choices)s)": "没有 %(parser_name)r，可选：%(choices)s",
    "invalid %(type)s value: %(value)r": "%(value)r 写得不对",
    "ignored explicit argument %r": "后面不能写 %r",
    "expected one argument": "后面要写一个值",
    "expected at most one argument": "后面最多写一个值",
    "expected at least one argument": "后面至少写一个值",
    "expected %s argument": "后面要写 %s 个值",
    "expected %s arguments": "后面要写 %s 个值",
    "can't open '%(filename)s': %(error)s": "打不开 %(filename)s：%(error)s",
    "argument \"-\" with mode %r": "不能写 -（%r）",
    "show program's version number and exit": "显示版本",
}  # fmt: skip
"""By argparse's own message, as it hands it to gettext."""


@contextmanager
def argparse_in_chinese() -> Iterator[None]:
    """Translate what argparse says while parsers are made and used inside.

    argparse looks up each message through its globals ``_`` and ``ngettext``, in a catalogue of gettext that must be a
    compiled file chosen by the locale. The locale of a station or a county is often C, so these globals are replaced
    instead.
    """
    words = vars(argparse)
    before = {name: words[name] for name in ("_", "ngettext")}
    words["_"] = lambda message: WORDS.get(message, message)
    words["ngettext"] = lambda one, many, count: WORDS.get(one if count == 1 else many, many)
    try:
        yield
    finally:
        words.update(before)
