"""What `cunhui-server` prints about its command line is Chinese: the county's operator may read no English."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from protocol.packs import Pack
from server_broker import cli
from server_broker.supervisor import backup_cli
from server_broker.supervisor.bundles_cli import BundleList
from tests.chinese_words import english

VERBS = (
    "init",
    "setup",
    "up",
    "down",
    "hold",
    "release",
    "where",
    "doctor",
    "logs",
    "config",
    "firewall",
    "broker-files",
    "forget-host",
    "settle",
    "demo-door",
    "backup",
    "restore",
    "claim",
    "revoke",
    "order",
    "verify",
    "manifest",
    "ledger",
    "reread",
    "ingest-file",
    "import-people",
    "export-people",
    "publish-pack",
    "publish-starter",
    "publish-bundle",
    "publish-documents",
    "withdraw-bundle",
    "shelf-stick",
    "questions",
    "setting",
    "apt",
    "account",
    "region",
    "status",
    "station",
    "template",
    "sign-in-link",
    "reset-second-factor",
    "restored",
    "dump",
    "clock",
    "new-signing-key",
    "new-record-key",
    "new-number-keys",
    "audit",
)
TYPED = {"cunhui-server", *VERBS, "nonsense", "SIGTERM", "Ctrl-C", "nftables", "ssh", "CUNHUI_HOME", "Excel", "outbox"}
TYPED |= {"list", "set-role", "set-region", "set-person", "set-password", "unlock", "disable", "enable"}
TYPED |= {"system", "security", "auditor", "operator", "officer", "organisation", "secretary", "supervision", "editor"}
TYPED |= {"check", "county", "make", "export", "template", "import", "restore", "GIFT", "Moodle"}
TYPED |= {"JSON", "MessagePack", "id", "kind", "title", "regions", "until", "items", "name", "size", "media_type"}
TYPED |= {
    "night",
    "types",
    "false",
    "true",
    "library",
    "disclosure",
    "clips",
    "sample",
    "version",
    "levels",
    "draw",
    "questions",
}
TYPED |= {"single", "stem", "options", "answer", "explanation", "source", "multiple", "true_false", "ordering"}
TYPED |= {"picture", "sound"}
TYPED |= {"toml", "cunhui-agent", "cunhui-station", "add"}
TYPED |= {"copy", "now", "key"}
TYPED |= {"ntp", "manual", "TOML", "right", "wrong"}
TYPED |= {"hex", "hex_reversed", "decimal", "decimal_reversed"}
"""Words of these texts that a person types, or that Chinese has no word for."""


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return all that is printed."""
    with pytest.raises(SystemExit):
        cli.main(list(arguments))
    return "".join(capsys.readouterr())


@pytest.mark.parametrize("verb", ["", *VERBS])
def test_help_is_chinese(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    text = printed(capsys, *filter(None, [verb]), "--help")
    assert text.startswith("用法：cunhui-server")
    assert english(text, typed=TYPED) == []


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
    assert english(text, typed=TYPED) == []


def test_backup_without_a_word_lists_what_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "county.toml").touch()
    assert cli.main(["backup", "--home", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    for word in backup_cli._VERBS:
        assert f"backup {word}" in said


@pytest.mark.parametrize(("verb", "kind"), [("publish-bundle", BundleList), ("publish-pack", Pack)])
def test_the_example_in_the_help_can_be_read(capsys: pytest.CaptureFixture[str], verb: str, kind: type) -> None:
    example = re.search(r"^\{$.*?^\}$", printed(capsys, verb, "--help"), re.MULTILINE | re.DOTALL)
    assert example
    written = json.loads(example[0])
    if kind is Pack:
        # The example shows one question; a level has at least five.
        written["levels"][0]["questions"] *= 5
    assert set(written) <= {field.encode_name for field in msgspec.structs.fields(kind)}
    msgspec.convert(written, kind)
