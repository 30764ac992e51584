"""题库编写: what a form brings in, what a second person is shown of it, and what nobody may count."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from server_broker import trust
from server_broker.bundles.models import Bundle, WrittenPack
from server_broker.editing.models import BankDraft, DraftQuestion
from server_broker.editing.questions import drop_question, put_files, save_question, written_of
from server_broker.fleet.models import Station
from server_broker.learning.models import Attempt, RemarkedQuestion
from server_broker.settings import HOME
from tests.cast import SHILI, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OFFICER, TOWNSHIP_OPERATOR, YANGBAN_VILLAGE
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.editing.samples import bank, editor, gift, questions
from tests.server_broker.picture_sender import jpeg

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> Client:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    trust.prepare(HOME)
    make_county()
    return signed_in(TOWNSHIP_OFFICER)


def new(client: Client, **changed: Any) -> str:
    usual = {"title": "示例镇防火", "region": TOWNSHIP, "owner": "示例镇", "review_by": str(in_days(90))}
    return client.post("/banks/files/new/", usual | changed, follow=True).content.decode()


def in_days(days: int) -> dt.date:
    return timezone.localdate() + dt.timedelta(days=days)


def handed_over(client: Client, draft: BankDraft) -> WrittenPack:
    client.post(f"/banks/{draft.pk}/hand-over/", {"last_day": str(in_days(200))})
    return WrittenPack.objects.latest("pk")


def publish(row: WrittenPack, client: Client) -> str:
    return client.post(f"/published/waiting/pack/{row.pk}/publish/", follow=True).content.decode()


def typed(row: DraftQuestion, **changed: str) -> dict[str, str]:
    usual = {
        "revision": str(row.revision),
        "level": str(row.level_id),
        "kind": row.kind,
        "stem": row.stem,
        "answer": "A",
        "explanation": row.explanation,
        "source": row.source,
        **{f"option-{letter}": option for letter, option in zip("ABCDEF", row.options, strict=False)},
    }
    return usual | changed


def address_of(row: DraftQuestion, action: str) -> str:
    if action == "picture":
        return f"/banks/files/{row.level.draft_id}/{row.pk}/picture/"
    return f"/banks/{row.level.draft_id}/questions/{row.pk}/{action}/"


def test_a_bank_begins_with_a_file(officer: Client) -> None:
    page = new(officer, file=SimpleUploadedFile("题库.gift", gift().encode()))
    assert "导入了 5 题" in page
    assert DraftQuestion.objects.count() == 5


@pytest.mark.parametrize(
    "content", [b'{"answer": [99999999999999999999999999]}', b"[" * 100_000, b"\xff", b'{"levels": 1e400}']
)
def test_a_pack_that_is_none_is_refused_in_words(officer: Client, content: bytes) -> None:
    assert "没有导入" in new(officer, file=SimpleUploadedFile("题库.json", content))


@pytest.mark.parametrize("region", ["\x00", "9" * 300, ""])
def test_a_region_that_is_none_is_not_there(officer: Client, region: str) -> None:
    assert officer.post("/banks/files/new/", {"title": "示例", "region": region}).status_code == 404


def test_whom_a_bank_is_for_is_changed_within_the_viewers_regions_alone(officer: Client) -> None:
    draft = bank()
    asked = {"title": draft.title, "owner": "示例镇", "review_by": str(in_days(90)), "region": SHILI_VILLAGE}
    assert "已保存" in officer.post(f"/banks/{draft.pk}/change/", asked, follow=True).content.decode()
    assert officer.post(f"/banks/{draft.pk}/change/", asked | {"region": YANGBAN_VILLAGE}).status_code == 404
    draft.refresh_from_db()
    assert draft.region_id == SHILI_VILLAGE


def test_a_last_day_that_is_none_is_refused_in_words(officer: Client) -> None:
    draft = bank()
    for last_day in ("", "2026-13-01", str(in_days(-1)), str(in_days(4 * 365))):
        page = officer.post(f"/banks/{draft.pk}/hand-over/", {"last_day": last_day}, follow=True).content.decode()
        assert "还不能交" in page
    assert not WrittenPack.objects.exists()


def test_whoever_publishes_sees_that_it_is_for_others_now(officer: Client) -> None:
    draft = bank()
    assert "现在的一版发给" not in publish(handed_over(officer, draft), signed_in(TOWNSHIP_OPERATOR))
    asked = {"title": draft.title, "owner": "示例镇", "review_by": str(in_days(90)), "region": SHILI_VILLAGE}
    officer.post(f"/banks/{draft.pk}/change/", asked)
    row = handed_over(officer, draft)
    assert "现在的一版发给示例镇" in officer.get(f"/published/waiting/pack/{row.pk}/").content.decode()


def test_a_pack_that_is_for_more_places_now_goes_nowhere(officer: Client) -> None:
    draft = bank(region=SHILI_VILLAGE)
    publish(handed_over(officer, draft), signed_in(TOWNSHIP_OPERATOR))
    asked = {"title": draft.title, "owner": "示例镇", "review_by": str(in_days(90)), "region": TOWNSHIP}
    officer.post(f"/banks/{draft.pk}/change/", asked)
    row = handed_over(officer, draft)
    assert row.region_id == TOWNSHIP
    assert "现在的一版发给" not in officer.get(f"/published/waiting/pack/{row.pk}/").content.decode()


def test_what_is_typed_is_judged_and_drawn_and_not_saved(officer: Client) -> None:
    one = questions(bank())[0]
    address = f"/banks/{one.level.draft_id}/questions/{one.pk}/shown/"
    good = officer.post(address, typed(one, stem="示例：换了一句？")).content.decode()
    assert "data:image/svg+xml" in good
    bad = officer.post(address, typed(one, answer="甲", source="")).content.decode()
    assert "没有出处" in bad
    assert "答案写的是" in bad
    assert "data:image" not in bad
    assert questions(one.level.draft)[0].stem == one.stem


OVERWRITES = "再按“保存”，就换掉别人刚存的"


def test_whoever_saves_after_another_one_is_told_what_saving_again_does(officer: Client) -> None:
    one = questions(bank())[0]
    save_question(one, written_of(one), level=one.level, revision=one.revision, by=editor("another"))
    response = officer.post(address_of(one, "save"), typed(one, stem="示例：我写的？"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "没有保存：别人刚改过这道题" in page
    assert OVERWRITES in page
    assert "示例：我写的？" in page


def test_where_saving_again_would_not_help_the_page_does_not_say_so(officer: Client) -> None:
    draft = bank()
    one = questions(draft)[0]
    handed_over(officer, draft)
    page = officer.post(address_of(one, "save"), typed(one, stem="示例：我写的？")).content.decode()
    assert "没有保存：已经交出去，等着发布。要再改，请先收回" in page
    assert OVERWRITES not in page
    assert "示例：我写的？" in page


def test_a_question_that_was_deleted_meanwhile_is_told_with_what_was_typed(officer: Client) -> None:
    one = questions(bank())[0]
    drop_question(one, editor("another"), revision=one.revision)
    response = officer.post(address_of(one, "save"), typed(one, stem="示例：<我写的>？", answer="B"))
    page = response.content.decode()
    assert response.status_code == 409
    assert "这道题刚被别人删掉了" in page
    assert OVERWRITES not in page
    assert all(text in page for text in ("示例：&lt;我写的&gt;？", one.options[1], one.explanation, one.source))
    for action, values in (("drop", {"revision": "0"}), ("picture", {"revision": "0", "step": "drop"})):
        answer = officer.post(address_of(one, action), values, follow=True)
        assert answer.redirect_chain == [(f"/banks/{one.level.draft_id}/", 302)]
        assert "这道题刚被别人删掉了" in answer.content.decode()


def test_a_question_of_a_bank_elsewhere_is_not_there(officer: Client) -> None:
    one = questions(bank(region=YANGBAN_VILLAGE))[0]
    for action in ("save", "drop", "picture"):
        assert officer.post(address_of(one, action), typed(one)).status_code == 404


def test_a_mended_key_is_marked_without_a_number_of_answers(officer: Client) -> None:
    draft = bank()
    second = signed_in(TOWNSHIP_OPERATOR)
    assert "已发布" in publish(handed_over(officer, draft), second)
    one = questions(draft)[0]
    Attempt.objects.create(
        station=Station.objects.get(pk=SHILI),
        epoch=b"e" * 16,
        seq=1,
        run=b"r" * 8,
        pack=draft.pack,
        pack_version=1,
        level=one.level.ident,
        question=one.ident,
        chosen=[1],
        right=False,
        lives_left=2,
        wall=timezone.now(),
        quality="synced",
        boot=b"b" * 16,
        mono_ms=1,
        received_at=timezone.now(),
    )
    officer.post(f"/banks/{draft.pk}/questions/{one.pk}/save/", typed(one, answer="B"))
    row = handed_over(officer, draft)
    page = officer.get(f"/published/waiting/pack/{row.pk}/").content.decode()
    assert "改了答案（原来是 A）" in page
    assert "以前的答题会按新答案重新判" in page
    assert "1 次" not in page, "whoever tries one answer after the other would count what people answered"
    publish(row, second)
    bundle = Bundle.objects.get(bundle=draft.pack, version=2)
    assert "不到 10 次" in officer.get(f"/published/{bundle.pk}/questions/").content.decode()


@pytest.mark.parametrize("is_other", [True, False], ids=["another picture", "the same picture again"])
def test_the_preview_says_of_a_picture_under_the_same_name_what_publishing_does(
    officer: Client, is_other: bool
) -> None:
    draft, second, sign = bank(), signed_in(TOWNSHIP_OPERATOR), jpeg()
    one = questions(draft)[0]
    DraftQuestion.objects.filter(pk=one.pk).update(picture="sign.jpg")
    put_files(draft, {"sign.jpg": sign}, editor())
    publish(handed_over(officer, draft), second)
    put_files(draft, {"sign.jpg": jpeg() if is_other else sign}, editor())
    officer.post(f"/banks/{draft.pk}/questions/{one.pk}/save/", typed(one, answer="B"))
    row = handed_over(officer, draft)
    page = officer.get(f"/published/waiting/pack/{row.pk}/").content.decode()
    assert ("改了答案（原来是 A）、图片" in page) == is_other
    assert ("图片或声音也改了，以前的答题不重新判" in page) == is_other
    assert ("以前的答题会按新答案重新判" in page) != is_other
    publish(row, second)
    assert RemarkedQuestion.objects.exists() != is_other


def test_who_answers_for_it_and_the_next_look_are_stated_with_a_reason(officer: Client) -> None:
    draft = bank()
    second = signed_in(TOWNSHIP_OPERATOR)
    publish(handed_over(officer, draft), second)
    bundle = Bundle.objects.get(bundle=draft.pack)
    asked = {"owner": "示例镇 李示例", "review_by": str(in_days(365)), "reason": "逐题对过，没有变化"}
    page = second.post(f"/published/{bundle.pk}/keeper/", asked, follow=True).content.decode()
    assert "示例镇 李示例" in page
    refused = second.post(f"/published/{bundle.pk}/keeper/", asked | {"review_by": str(in_days(-1))}, follow=True)
    assert "没有改动" in refused.content.decode()


def test_a_published_pack_leads_to_its_draft(officer: Client) -> None:
    draft = bank()
    publish(handed_over(officer, draft), signed_in(TOWNSHIP_OPERATOR))
    bundle = Bundle.objects.get(bundle=draft.pack)
    response = officer.post(f"/published/{bundle.pk}/next/")
    assert response["Location"] == f"/banks/{draft.pk}/"
    BankDraft.objects.all().delete()
    assert "5 题" in officer.post(f"/published/{bundle.pk}/next/", follow=True).content.decode()
