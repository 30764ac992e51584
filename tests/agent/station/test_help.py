"""What `cunhui-agent` says of itself on the command line is Chinese: a technician at a station reads no English."""

import argparse
import ast
import inspect
import re

import pytest

from agent.cli import main
from protocol.chinese_argparse import WORDS

VERBS = ("enrol", "run", "config", "doctor", "export")
TYPED = {"cunhui-agent", *VERBS, "check", "nonsense"}
"""Words of these texts that a person types, or typed."""
_WORD = re.compile(r"(?<![\w./-])[A-Za-z][A-Za-z-]*[A-Za-z](?![\w./-])")
_FOR_PROGRAMMERS = re.compile(
    r"conflicting|cannot|__call__|not callable|invalid argument for|must be optional|invalid option string"
    r"|dest= is|conflict_resolution|deprecated"
)
"""Of argparse's messages, those about how a parser is made."""


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return all that is printed."""
    with pytest.raises(SystemExit):
        main(list(arguments))
    return "".join(capsys.readouterr())


def english(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word not in TYPED]


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_chinese(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    text = said(capsys, *filter(None, [verb]), "--help")
    assert text.startswith("用法：cunhui-agent")
    assert english(text) == []


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.findall(r"^ {4}([a-z]+) ", said(capsys, "--help"), re.MULTILINE) == list(VERBS)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["run"],
        ["run", "--config"],
        ["run", "--config", "x", "nonsense"],
        ["config", "nonsense", "--config", "x"],
        ["doctor", "--config", "x", "--json=nonsense"],
        ["export", "--to", "x"],
        ["export", "--to", "x", "--config", "x", "--outbox", "x"],
    ],
)
def test_a_command_that_is_typed_wrong_is_answered_in_chinese(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    text = said(capsys, *arguments)
    assert "命令写得不对" in text
    assert english(text) == []


def test_every_message_of_argparse_that_a_person_can_see_has_its_words() -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(argparse))) if isinstance(node, ast.Call)]
    looked_up = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")]
    messages = {part.value for call in looked_up for part in call.args if isinstance(part, ast.Constant)}
    assert {message for message in messages if not _FOR_PROGRAMMERS.search(str(message))} <= WORDS.keys()


def test_argparse_speaks_its_own_language_to_others(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "--help")
    assert argparse.ArgumentParser(prog="other").format_usage().startswith("usage:")
