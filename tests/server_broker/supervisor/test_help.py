"""What `cunhui-server` prints about its command line is Chinese: the county's operator may read no English."""

import argparse
import ast
import inspect
import re

import pytest

from protocol.chinese_argparse import WORDS
from server_broker import cli

VERBS = (
    "init",
    "up",
    "down",
    "hold",
    "release",
    "where",
    "doctor",
    "claim",
    "revoke",
    "order",
    "verify",
    "ledger",
    "reread",
    "ingest-file",
    "import-people",
    "publish-pack",
    "account",
    "sign-in-link",
    "reset-second-factor",
    "restored",
    "clock",
    "new-signing-key",
    "audit",
)
TYPED = {"cunhui-server", *VERBS, "nonsense", "SIGTERM", "Ctrl-C", "CUNHUI_HOME", "Excel", "outbox"}
TYPED |= {"list", "set-role", "set-region", "set-password", "disable", "enable"}
TYPED |= {"system", "security", "auditor", "operator", "officer"}
TYPED |= {"hex", "hex_reversed", "decimal", "decimal_reversed"}
"""Words of these texts that a person types, or that Chinese has no word for."""
_WORD = re.compile(r"(?<![\w./-])[A-Za-z][A-Za-z_-]*[A-Za-z](?![\w./-])")
_FOR_PROGRAMMERS = re.compile(
    r"conflicting|cannot|__call__|not callable|invalid argument for|must be optional|invalid option string"
    r"|dest= is|conflict_resolution|deprecated"
)
"""Of argparse's messages, those about how a parser is made."""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return all that is printed."""
    with pytest.raises(SystemExit):
        cli.main(list(arguments))
    return "".join(capsys.readouterr())


def english(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word not in TYPED]


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_chinese(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    text = printed(capsys, *filter(None, [verb]), "--help")
    assert text.startswith("用法：cunhui-server")
    assert english(text) == []


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.findall(r"^ {4}([a-z-]+)\s", printed(capsys, "--help"), re.MULTILINE) == list(VERBS)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["init"],
        ["init", "--name"],
        ["init", "--name", "x", "--host", "x", "--web-port", "x"],
        ["hold"],
        ["up", "nonsense"],
        ["doctor", "--json=nonsense"],
        ["account"],
    ],
)
def test_a_command_that_is_typed_wrong_is_answered_in_chinese(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    text = printed(capsys, *arguments)
    assert "命令写得不对" in text
    assert english(text) == []


def test_every_message_of_argparse_that_a_person_can_see_has_its_words() -> None:
    calls = [node for node in ast.walk(ast.parse(inspect.getsource(argparse))) if isinstance(node, ast.Call)]
    looked_up = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in ("_", "ngettext")]
    messages = {part.value for call in looked_up for part in call.args if isinstance(part, ast.Constant)}
    assert {message for message in messages if not _FOR_PROGRAMMERS.search(str(message))} <= WORDS.keys()
