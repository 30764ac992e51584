"""The verbs about the county's record refuse what does not fit, in Chinese, and say what they did."""

import datetime as dt
from pathlib import Path

import pytest
from django.utils import timezone

from server_broker.manifest.cli import export_evidence, make_manifest, new_record_key, verify_evidence
from server_broker.manifest.daily import due_day, make_due
from server_broker.manifest.models import DailyManifest
from server_broker.people.cards import report_lost
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from tests.cast import SHILI, WANG
from tests.conftest import COUNTY_FOLDER
from tests.server_broker.county import FictionalCounty, make_county

pytestmark = pytest.mark.django_db

HOME = CountyHome(COUNTY_FOLDER)


@pytest.fixture
def county() -> FictionalCounty:
    made = make_county()
    report_lost(made.cards[WANG], actor="officer")
    return made


def test_a_day_has_one_manifest_half_an_hour_after_its_end(county: FictionalCounty) -> None:
    midnight = dt.datetime(2026, 12, 1, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert due_day(midnight + dt.timedelta(minutes=29)) == dt.date(2026, 11, 29)
    assert due_day(midnight + dt.timedelta(minutes=31)) == dt.date(2026, 11, 30)
    first = make_due(HOME, now=midnight + dt.timedelta(hours=1))
    assert first is not None
    assert make_due(HOME, now=midnight + dt.timedelta(hours=23)) is None
    later = make_due(HOME, now=midnight + dt.timedelta(days=9))
    assert later is not None
    assert (first.number, later.number, later.day) == (1, 2, dt.date(2026, 12, 8))


def test_a_clock_that_went_back_makes_no_second_manifest(county: FictionalCounty) -> None:
    make_due(HOME, now=timezone.now())
    assert make_due(HOME, now=timezone.now() - dt.timedelta(days=300)) is None
    assert DailyManifest.objects.count() == 1


def test_making_one_by_hand_says_so(county: FictionalCounty) -> None:
    said: list[str] = []
    status = make_manifest(HOME, say=said.append)
    # By a clock that nobody vouches for none is made, and the sentence says why.
    assert (status, DailyManifest.objects.count()) in ((0, 1), (1, 0))
    assert "第 1 号总账" in said[0] or "时钟不可信" in said[0]


def test_an_export_goes_into_a_new_folder_that_others_cannot_read(county: FictionalCounty, tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "evidence"
    assert export_evidence(folder, stations=[SHILI], say=said.append) == 0
    assert [Path(line).name for line in said] == [
        "county.jsonl",
        "audit.jsonl",
        "manifests.jsonl",
        f"station-{SHILI}.jsonl",
    ]
    assert folder.stat().st_mode & 0o077 == 0
    with pytest.raises(ServiceError, match="已经有了"):
        export_evidence(folder, stations=[], say=print)
    with pytest.raises(ServiceError, match="没有站点 nobody-01"):
        export_evidence(tmp_path / "other", stations=["nobody-01"], say=print)
    assert not (tmp_path / "other").exists()
    assert verify_evidence(folder, as_json=True, say=said.append) == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("county.jsonl", b"", "county.jsonl 第 1 行"),
        ("county.jsonl", b"{}\n", "county.jsonl 第 1 行"),
        ("county.jsonl", b"[" * 100_000, "county.jsonl 第 1 行"),
        ("audit.jsonl", b'{"version":"x"}\n', "audit.jsonl 第 1 行"),
        ("manifests.jsonl", b"\xff\n", "manifests.jsonl 第 1 行"),
        ("manifests.jsonl", b'{"number":1,"signed":"zz","leaves":[]}\n', "manifests.jsonl 第 1 行"),
    ],
)
def test_a_file_that_is_none_is_named_with_its_line(
    county: FictionalCounty, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    folder = tmp_path / "evidence"
    export_evidence(folder, stations=[], say=lambda _: None)
    (folder / name).write_bytes(content)
    with pytest.raises(ServiceError, match=said):
        verify_evidence(folder, as_json=False, say=print)


def test_a_folder_without_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"读不到 county\.jsonl"):
        verify_evidence(tmp_path, as_json=False, say=print)


def test_the_fingerprint_of_a_new_key_is_for_paper(county: FictionalCounty) -> None:
    before = (HOME.trust / "record.key").read_bytes()
    said: list[str] = []
    try:
        assert new_record_key(HOME, actor="cli:root", reason="x", stolen=True, say=said.append) == 0
    finally:
        (HOME.trust / "record.key").write_bytes(before)
    assert "记在纸上" in said[0]
    assert "还没有总账" in said[1]
