"""The record key changes by a fact that both keys have signed; what a thief signs afterwards counts for nothing."""

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from protocol.codec import encode
from protocol.decisions import RecordKeyReplaced, decode_decision
from protocol.manifest import KeptHeads, read_root, seal_root
from server_broker.decisions.models import CountyStream, DecidedFact
from server_broker.decisions.record_key_change import replace_record_key
from server_broker.fleet.models import Station
from server_broker.manifest.cli import verify_county
from server_broker.manifest.county_check import check_county
from server_broker.manifest.daily import heads_for, make_due
from server_broker.manifest.models import DailyManifest
from server_broker.manifest.replay import Decided
from server_broker.people.cards import report_lost
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust.record_key import record_key
from tests.cast import SHILI, WANG, ZHANG
from tests.conftest import COUNTY_FOLDER
from tests.server_broker.county import FictionalCounty, make_county
from tests.server_broker.manifest.streams import store_stream
from tests.server_broker.manifest.tampering import psql

pytestmark = pytest.mark.django_db

HOME = CountyHome(COUNTY_FOLDER)


@pytest.fixture
def county() -> Iterator[FictionalCounty]:
    """A county with a decision, a station's stream and a manifest; its keys are put back in the end."""
    before = {path: path.read_bytes() for path in HOME.trust.glob("record.key*")} if HOME.trust.exists() else {}
    made = make_county()
    report_lost(made.cards[WANG], actor="officer")
    store_stream(Station.objects.get(pk=SHILI), 3)
    make_due(HOME, now=timezone.now())
    yield made
    for path in HOME.trust.glob("record.key*"):
        path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def keep(folder: Path, *manifests: DailyManifest, signed: bytes = b"") -> Path:
    """Write what a station keeps, as a technician copies it."""
    heads = [heads_for(manifest)[SHILI] for manifest in manifests]
    if signed:
        heads = [msgspec.structs.replace(heads[0], signed=signed)]
    (folder / "heads").write_bytes(encode(KeptHeads(station=SHILI, heads=heads)))
    return folder


def test_a_planned_change_is_signed_by_both_and_the_record_goes_on(county: FictionalCounty) -> None:
    old = bytes(CountyStream.objects.get().record_key)
    new = replace_record_key(HOME, actor="cli:root", reason="planned", stolen=False, witnessed=0)
    report_lost(county.cards[ZHANG], actor="officer")
    found = Decided()
    assert check_county(found).problems == []
    assert found.keys == [old, new]
    (change,) = (fact.what for _, _, fact in found.facts if isinstance(fact.what, RecordKeyReplaced))
    assert (change.old, change.new, change.stolen) == (old, new, False)
    with pytest.raises(ServiceError, match=r"record\.key"):
        record_key(HOME, old)


def test_a_crash_between_the_commit_and_the_new_file_is_mended(county: FictionalCounty) -> None:
    old_file = (HOME.trust / "record.key").read_bytes()
    replace_record_key(HOME, actor="cli:root", reason="planned", stolen=False, witnessed=0)
    shutil.copy(HOME.trust / "record.key", HOME.trust / "record.key.next")
    (HOME.trust / "record.key").write_bytes(old_file)
    report_lost(county.cards[ZHANG], actor="officer")
    assert not (HOME.trust / "record.key.next").exists()
    assert check_county().problems == []


def test_a_lost_key_is_said_in_chinese_and_nothing_is_decided(county: FictionalCounty) -> None:
    (HOME.trust / "record.key").unlink()
    count = DecidedFact.objects.count()
    with pytest.raises(ServiceError, match="请从备份恢复"):
        report_lost(county.cards[ZHANG], actor="officer")
    assert DecidedFact.objects.count() == count


def test_a_change_without_the_old_key_is_found(county: FictionalCounty) -> None:
    psql(
        "UPDATE decisions_countystream SET record_key = %s",
        [Ed25519PrivateKey.generate().public_key().public_bytes_raw()],
    )
    assert any("不是记录链说的那一把" in problem.sentence() for problem in check_county().problems)


def test_what_a_station_kept_fits_and_a_rewritten_day_does_not(county: FictionalCounty, tmp_path: Path) -> None:
    said: list[str] = []
    folder = keep(tmp_path, DailyManifest.objects.get())
    assert verify_county(folder, as_json=False, say=said.append) == 0
    assert "√ 都对得上" in said
    # The county forgets the day, and makes another manifest for it.
    psql("DELETE FROM manifest_dailytable; DELETE FROM manifest_dailymanifest")
    assert verify_county(folder, as_json=True, say=said.append) == 1
    assert "县里没有这一号" in said[-1]


def test_a_root_by_a_foreign_key_says_that_the_stream_was_exchanged(county: FictionalCounty, tmp_path: Path) -> None:
    manifest = DailyManifest.objects.get()
    root = read_root(bytes(manifest.signed))
    folder = keep(tmp_path, manifest, signed=seal_root(Ed25519PrivateKey.generate(), root))
    said: list[str] = []
    assert verify_county(folder, as_json=False, say=said.append) == 1
    assert any("记录链整个换过" in line for line in said)


def test_after_a_theft_only_what_stations_had_witnessed_stands(county: FictionalCounty, tmp_path: Path) -> None:
    thief = record_key(HOME, bytes(CountyStream.objects.get().record_key))
    manifest = DailyManifest.objects.get()
    replace_record_key(HOME, actor="cli:root", reason="theft", stolen=True, witnessed=manifest.number)
    make_due(HOME, now=timezone.now() + dt.timedelta(days=1))
    said: list[str] = []
    assert verify_county(keep(tmp_path, manifest), as_json=False, say=said.append) == 0, said
    root = read_root(bytes(manifest.signed))
    forged = msgspec.structs.replace(root, number=2)
    assert verify_county(keep(tmp_path, manifest, signed=seal_root(thief, forged)), as_json=False, say=said.append) == 1
    assert any("被盗" in line for line in said)


@pytest.mark.parametrize("content", [b"", b"\x93\x01", b"x" * 200_000])
def test_a_file_that_no_station_wrote_is_refused_in_chinese(
    county: FictionalCounty, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "heads").write_bytes(content)
    with pytest.raises(ServiceError, match="不是站点留下的总账"):
        verify_county(tmp_path, as_json=False, say=print)
    with pytest.raises(ServiceError, match="读不到"):
        verify_county(tmp_path / "nothing", as_json=False, say=print)


def test_a_county_that_was_restored_opens_a_new_epoch_and_says_what_is_gone(
    county: FictionalCounty, django_capture_on_commit_callbacks: object
) -> None:
    stream = CountyStream.objects.get()
    mark = HOME.trust / "county-mark"
    mark.write_text(
        f'{{"county":"{stream.county}","epoch":"{bytes(stream.epoch).hex()}","through":{stream.through + 4}}}',
        encoding="utf-8",
    )
    try:
        assert any("旧备份" in problem.sentence() for problem in check_county().problems)
        report_lost(county.cards[ZHANG], actor="officer")
        verdict = check_county()
        assert verdict.problems == []
        assert verdict.notices == [f"县里曾从备份恢复：前一段记录链到第 {stream.through} 条为止，之后签过的 4 条没有了"]
        assert [one.county for one in CountyStream.objects.order_by("id")] == [stream.county] * 2
    finally:
        mark.unlink()


def test_a_change_of_key_names_itself(county: FictionalCounty) -> None:
    replace_record_key(HOME, actor="cli:root", reason="planned", stolen=True, witnessed=1)
    last = DecidedFact.objects.order_by("-seq").first()
    assert last is not None
    said = decode_decision(bytes(last.body)).what
    assert isinstance(said, RecordKeyReplaced)
    assert (said.stolen, said.witnessed) == (True, 1)
