"""What `cunhui-agent` says of itself on the command line is Chinese: a technician at a station reads no English."""

import argparse
import re

import pytest

from agent.cli import main
from tests.chinese_words import english

VERBS = ("setup", "enrol", "run", "config", "doctor", "export", "shelf", "firewall", "touch")
TYPED = {"cunhui-agent", *VERBS, "check", "load", "nonsense", "claim", "nftables", "ssh", "driver", "simulated"}
"""Words of these texts that a person types, or typed."""


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return all that is printed."""
    with pytest.raises(SystemExit):
        main(list(arguments))
    return "".join(capsys.readouterr())


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_chinese(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    text = said(capsys, *filter(None, [verb]), "--help")
    assert text.startswith("用法：cunhui-agent")
    assert english(text, typed=TYPED) == []


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    assert re.findall(r"^ {4}([a-z]+) ", said(capsys, "--help"), re.MULTILINE) == list(VERBS)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["run", "--config"],
        ["run", "--config", "x", "nonsense"],
        ["config", "nonsense", "--config", "x"],
        ["doctor", "--config", "x", "--json=nonsense"],
        ["export", "--to", "x", "--config", "x", "--outbox", "x"],
    ],
)
def test_a_command_that_is_typed_wrong_is_answered_in_chinese(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    text = said(capsys, *arguments)
    assert "命令写得不对" in text
    assert english(text, typed=TYPED) == []


def test_argparse_speaks_its_own_language_to_others(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "--help")
    assert argparse.ArgumentParser(prog="other").format_usage().startswith("usage:")
