"""The tamper proof passes for the product, and fails for verifiers that do not look."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server_broker.manifest import evidence_check, replay
from server_broker.manifest.cli import export_evidence, verify_evidence
from server_broker.platform.home import CountyHome
from tests.conftest import COUNTY_FOLDER
from tests.proofs.tamper import county, judges, kept
from tests.proofs.tamper.__main__ import BAD, Files, judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def files() -> Files:
    """What a small county exports."""
    county.furnish(CountyHome(COUNTY_FOLDER), decisions=24, count=30, stations=3, rng=Random(1))
    found = county.evidence(county.WITNESS)
    return {name: [json.loads(line) for line in lines] for name, lines in found.items()}


def test_each_trial_is_found_and_named_by_both(files: Files) -> None:
    counts = judge(files, seed=1, every=3)
    assert counts["trials"] > 100
    assert {name: counts[name] for name in BAD} == dict.fromkeys(BAD, 0)


def test_a_past_that_is_signed_anew_is_caught_from_one_station_s_kept_heads(files: Files) -> None:
    assert kept.first_problem(files, at=5, key=Ed25519PrivateKey.generate()) == ""


def test_a_verifier_that_checks_no_signature_is_caught(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "verify_head", lambda *_, **__: None)
    assert judge(files, seed=2, every=1, only="county")["undetected"] > 0


def test_a_verifier_that_does_not_check_rows_is_caught(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_check, "_rows", lambda *_: None)
    assert judge(files, seed=3, every=1, only="county")["undetected"] > 0


def test_an_erasure_that_the_county_did_not_decide_is_found_by_both(files: Files) -> None:
    name = f"station-{county.WITNESS}.jsonl"
    header, *facts = files[name]
    assert [one["holding"] for one in header["erasures"]] == ["visits"]
    blank = {field: value for field, value in facts[10].items() if field not in ("salt", "body")}
    made_up = [*header["erasures"], {"epoch": facts[10]["epoch"], "holding": "visits", "seqs": [11]}]
    forged = [header | {"erasures": made_up}, *facts[:10], blank, *facts[11:]]
    hidden = [header | {"erasures": []}, *facts]
    both = judges.Judges(files)
    assert "第 11 条：它的清除（visits）在县记录链里没有这样的决定" in both.ours(name, forged)
    assert both.theirs(name, forged) == "station 11"
    assert "第 4 条：内容不见了，没有到期清除的记录" in both.ours(name, hidden)
    assert both.theirs(name, hidden) == "station 4"


def test_what_the_county_exports_is_good_to_both_and_one_flipped_byte_is_not(files: Files, tmp_path: Path) -> None:
    folder, said = tmp_path / "evidence", list[str]()
    assert export_evidence(folder, stations=[county.WITNESS], say=said.append) == 0
    outsider: list[str | Path] = [sys.executable, Path(__file__).parent / "outsider.py", folder]

    def both() -> tuple[int, int]:
        theirs = subprocess.run(outsider, capture_output=True, check=False, cwd="/", env={})
        return verify_evidence(folder, as_json=False, say=said.append), theirs.returncode

    assert both() == (0, 0)
    assert "√ 都对得上" in said
    assert any("有内容已到期清除" in line and "visits 3 条" in line for line in said)
    path = folder / "county.jsonl"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"seq":7', '"seq":8'), encoding="utf-8")
    assert both() == (1, 1)
    assert any("县记录链第 7 条" in line for line in said)


def test_the_outsider_is_short_and_imports_nothing_of_ours() -> None:
    text = (Path(__file__).parent / "outsider.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imports = [line.split()[1].split(".")[0] for line in text.splitlines() if line.startswith(("import ", "from "))]
    ours: set[Any] = {"protocol", "agent", "kiosk_tui", "server_broker", "firmware_scripts", "tests"}
    assert ours.isdisjoint(imports)
