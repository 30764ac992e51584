"""``cunhui-server verify county`` finds what was changed in psql about content for stations, and names it."""

from copy import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from protocol.decisions import BundlePublished
from protocol.facts import FeedbackGiven
from server_broker.accounts.account_changes import make_account
from server_broker.accounts.models import Role
from server_broker.audit.log import record
from server_broker.bundles.drafts import COMPUTED
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import publish, store, withdraw
from server_broker.bundles.questions import adopt_packs, publish_questions
from server_broker.courses.requiring import Decision, require
from server_broker.decisions.stream import decide
from server_broker.feedback.answering import answer
from server_broker.feedback.models import Feedback
from server_broker.fleet.models import Station
from server_broker.learning.packs import publish_pack
from server_broker.manifest.county_check import check_county
from server_broker.manifest.daily import make_due
from server_broker.people.cards import report_lost
from server_broker.people.models import Person
from server_broker.progress.rounds import Rounds
from server_broker.regions.models import Region
from server_broker.supervisor.chores import shelf_sources, shelf_sources_of_many
from tests.cast import SHILI_VILLAGE, TOWNSHIP, ZHANG
from tests.server_broker.bundles.samples import AUTHOR, draft, notice, pack
from tests.server_broker.county import make_county
from tests.server_broker.derived.stations import take
from tests.server_broker.learning.worlds import answered
from tests.server_broker.manifest.streams import enrol
from tests.server_broker.manifest.tampering import psql
from tests.server_broker.meetings.meeting_days import held
from tests.server_broker.station_double import StationDouble, booted, moment, touch

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def folder() -> BundleFolder:
    """A county that published notices and packs, withdrew one of each, and computed a roster."""
    settings.HOME.bundles.mkdir(parents=True, exist_ok=True)
    folder, now = BundleFolder(settings.HOME.bundles), timezone.now()
    end = now + timedelta(days=30)
    report_lost(make_county().cards[ZHANG], actor="officer")
    for name, line in (("kept", "示例"), ("kept", "示例二"), ("gone", "示例"), ("again", "示例")):
        publish(draft(id=name, content=notice(line), not_after=end), folder=folder, author=AUTHOR, at=timezone.now())
    for name in ("gone", "again"):
        withdraw(name, reason="写错了", actor=AUTHOR, at=timezone.now())
    publish(draft(id="again", content=notice("改过"), not_after=end), folder=folder, author=AUTHOR, at=timezone.now())
    publish_questions(pack(3), key=Ed25519PrivateKey.generate(), folder=folder, author=AUTHOR, at=timezone.now())
    roster = draft(id="roster-1", kind="roster", regions=[SHILI_VILLAGE], access="station", not_after=end)
    store(roster, folder=folder, author="", at=timezone.now())
    return folder


def sentences() -> list[str]:
    return [problem.sentence() for problem in check_county().problems]


def test_what_nobody_touched_is_good_and_computed_rows_are_named_as_not_covered(folder: BundleFolder) -> None:
    verdict = check_county()
    assert verdict.problems == []
    assert verdict.notices == ["下发内容里有 1 份由县里自动生成（如名单、答复），没有决定可对，没有核对"]


def test_a_county_that_computed_every_kind_verifies_whole(folder: BundleFolder) -> None:
    double, sources = StationDouble(), shelf_sources()
    enrol(Station.objects.get(pk=double.id), double.key)
    officer = make_account("clerk", role=Role.OFFICER, region=TOWNSHIP, actor="admin")
    double.add(booted(), touch(2, quality="unknown"))
    double.add(FeedbackGiven(at=moment(3), feedback=bytes(16), topic="lamps", matter="broken"))
    double.add(touch(4), answered(moment(5), double.ref(4)))
    take(double)
    answer(Feedback.objects.get(), "本周五前修好。", actor=officer, at=timezone.now())
    soon = timezone.now() + 3 * DAY
    held([Person.objects.get(number=ZHANG.number)], begin=soon, end=soon + timedelta(hours=1), stations=[double.id])
    Rounds().go_on(timezone.now())
    require(
        Region.objects.get(code=TOWNSHIP),
        pack(3).id,
        until=soon.date(),
        by=Decision("clerk", "示例学习计划", timezone.now()),
    )
    make_due(settings.HOME, now=timezone.now() + DAY)
    later = timezone.now() + 2 * DAY
    for source in sources:
        assert list(source(Station.objects.get(pk=double.id), later)), "each source has something for this station"
    IndexKeeper(folder=folder, sources=sources, sources_of_many=shelf_sources_of_many()).go_on(later)
    assert set(Bundle.objects.filter(author="").values_list("kind", flat=True)) == set(COMPUTED)
    assert sentences() == []


def test_every_row_that_differs_is_named(folder: BundleFolder) -> None:
    psql("UPDATE bundles_bundle SET withdrawn_at = now(), withdrawn_by = 'x' WHERE bundle = 'kept'")
    psql("DELETE FROM bundles_bundle WHERE bundle = 'again'")
    assert sentences() == [
        "下发内容 kept 版本 1（bundles_bundle）：库里撤回了，却没有撤回的决定",
        "下发内容 kept 版本 2（bundles_bundle）：库里撤回了，却没有撤回的决定",
        "下发内容 again 版本 1（bundles_bundle）：决定发布过，库里没有了",
        "下发内容 again 版本 2（bundles_bundle）：决定发布过，库里没有了",
    ]


def test_a_pack_that_an_update_made_a_bundle_of_is_no_problem(folder: BundleFolder) -> None:
    row = publish_pack(replace(pack(2), id="early"), key=Ed25519PrivateKey.generate())
    said = BundlePublished(form="pack", id="early", version=2, sha256=bytes(row.sha256))
    with transaction.atomic():
        decide(record(AUTHOR, "pack.published", "early"), said, [row])
    assert sentences() == [], "an earlier release published packs without bundles"
    assert adopt_packs(folder=folder, at=timezone.now()) == (1, [])
    assert sentences() == []


_ADDED = """
INSERT INTO bundles_bundle (bundle, version, kind, title, sha256, size, regions, types, not_before, not_after,
    station_id, access, night, published_at, author, withdrawn_by, withdrawn_reason)
SELECT 'added', 1, {kind}, title, sha256('x'), size, regions, types, not_before, not_after,
    station_id, access, night, published_at, {author}, '', ''
FROM bundles_bundle WHERE bundle = 'kept' AND version = 1
"""
_KEPT = "WHERE bundle = 'kept' AND version = 2"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (f"UPDATE bundles_bundle SET sha256 = sha256('x') {_KEPT}", "kept 版本 2（bundles_bundle）：和发布时不符"),
        (
            "UPDATE bundles_bundle SET sha256 = sha256('x') WHERE kind = 'questions'",
            "sample 版本 3（bundles_bundle）：和发",
        ),
        ("DELETE FROM bundles_bundle WHERE kind = 'questions'", "sample 版本 3（bundles_bundle）：决定发布过"),
        (f"UPDATE bundles_bundle SET kind = 'disclosure' {_KEPT}", "和发布时不符：种类"),
        (f"UPDATE bundles_bundle SET kind = 'roster', author = '' {_KEPT}", "和发布时不符：种类"),
        (f"UPDATE bundles_bundle SET version = 9 {_KEPT}", "版本 9（bundles_bundle）：没有任何决定发布过它"),
        (f"UPDATE bundles_bundle SET title = '别的' {_KEPT}", "和发布的文件不符：标题"),
        (f"UPDATE bundles_bundle SET regions = '{{990101}}' {_KEPT}", "和发布的文件不符：范围"),
        (f"UPDATE bundles_bundle SET not_after = not_after + interval '1 day' {_KEPT}", "和发布的文件不符：起止时间"),
        (f"UPDATE bundles_bundle SET withdrawn_at = now(), withdrawn_by = 'x' {_KEPT}", "却没有撤回的决定"),
        (
            "UPDATE bundles_bundle SET withdrawn_at = NULL, withdrawn_by = '' WHERE bundle = 'gone'",
            "下发内容 gone 版本 1（bundles_bundle）：决定撤回过，库里却没有撤回",
        ),
        (
            "UPDATE bundles_bundle SET withdrawn_at = NULL, withdrawn_by = '' WHERE bundle = 'again' AND version = 1",
            "下发内容 again 版本 1（bundles_bundle）：决定撤回过",
        ),
        ("DELETE FROM bundles_bundle WHERE bundle = 'gone'", "gone 版本 1（bundles_bundle）：决定发布过，库里没有了"),
        (_ADDED.format(kind="kind", author="author"), "added 版本 1（bundles_bundle）：没有任何决定发布过它"),
        (_ADDED.format(kind="kind", author="''"), "added 版本 1（bundles_bundle）：没有任何决定发布过它"),
        (_ADDED.format(kind="'roster'", author="'x'"), "added 版本 1（bundles_bundle）：没有任何决定发布过它"),
    ],
)  # fmt: skip
def test_what_was_changed_in_psql_is_named(folder: BundleFolder, statement: str, said: str) -> None:
    assert sentences() == []
    assert psql(statement) > 0
    assert [sentence for sentence in sentences() if said in sentence], sentences()


def test_a_document_that_was_changed_on_the_disk_is_named(folder: BundleFolder) -> None:
    path = folder.path(bytes(Bundle.objects.get(bundle="gone").sha256))
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole + b"x")
    try:
        assert [sentence for sentence in sentences() if "文件被改过" in sentence]
    finally:
        path.write_bytes(whole)


def test_a_county_without_its_folder_of_documents_is_still_compared_with_its_decisions(folder: BundleFolder) -> None:
    for row in Bundle.objects.all():
        folder.path(bytes(row.sha256)).unlink(missing_ok=True)
    assert sentences() == []
