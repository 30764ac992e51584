"""Argparse's own messages have Chinese words, for the programs of both ends."""

import argparse
import ast
import inspect
import re

from protocol.chinese_argparse import WORDS

_FOR_PROGRAMMERS = re.compile(
    r"conflicting|cannot|__call__|not callable|invalid argument for|must be optional|invalid option string"
    r"|dest= is|conflict_resolution|deprecated"
)
"""Of argparse's messages, those about how a parser is made."""


def test_every_message_of_argparse_that_a_person_can_see_has_its_words() -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(argparse))) if isinstance(node, ast.Call)]
    looked_up = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")]
    messages = {part.value for call in looked_up for part in call.args if isinstance(part, ast.Constant)}
    assert {message for message in messages if not _FOR_PROGRAMMERS.search(str(message))} <= WORDS.keys()
