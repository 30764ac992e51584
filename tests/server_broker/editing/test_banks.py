"""A bank is filled from files, mended, handed over, sent back, published, and goes on as its next version."""

import datetime as dt
import io
from importlib import import_module

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.apps import apps
from django.utils import timezone
from PIL import Image

from protocol.bundles import MAX_BUNDLE_BYTES
from protocol.bundles import Bundle as BundleDocument
from protocol.codec import decode
from protocol.packs import read_pack
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.bundles import written_packs
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenPack
from server_broker.bundles.written import end_written
from server_broker.bundles.written_packs import publish_written_pack
from server_broker.content.gift_writing import gift_of
from server_broker.content.sheet import KINDS
from server_broker.editing.banks import begin, begin_from, change_head, give_up, hand_over
from server_broker.editing.changing import NotChanged
from server_broker.editing.filling import take_file
from server_broker.editing.levels import add_level, change_level, drop_level, move_level_up
from server_broker.editing.looking import look
from server_broker.editing.models import BankDraft, DraftFile, DraftQuestion
from server_broker.editing.questions import (
    ANOTHER_SAVED,
    Written,
    add_question,
    drop_file,
    drop_question,
    put_files,
    put_picture,
    put_sound,
    save_question,
    written_of,
)
from server_broker.learning.keepers import keepers
from server_broker.learning.models import LearningPack
from server_broker.people.models import Person
from server_broker.settings import HOME
from tests.cast import CLERK, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OFFICER
from tests.fakes.recordings import wav
from tests.server_broker.county import FictionalCounty, make_county, user_of
from tests.server_broker.editing.samples import bank, editor, gift, good_rows, head, questions, row

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def county() -> FictionalCounty:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    return make_county()


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(made, "PNG")
    return made.getvalue()


def today() -> dt.date:
    return timezone.localdate()


def handed(draft: BankDraft, name: str = "writer") -> BankDraft:
    hand_over(draft, last_day=today() + dt.timedelta(days=300), by=editor(name))
    draft.refresh_from_db()
    return draft


def publish(draft: BankDraft, *, by: str = "second", days: int = 0) -> Bundle:
    assert draft.written is not None
    return publish_written_pack(
        draft.written,
        own=Bundle.objects.all(),
        key=KEY,
        folder=BundleFolder(HOME.bundles),
        actor=by,
        at=timezone.now() + dt.timedelta(days=days),
    )


def published_elsewhere(draft: BankDraft, version: int) -> None:
    """Publish a version that does not come of this draft, as the county's command line does."""
    row = LearningPack.objects.filter(pack=draft.pack).latest("version")
    row.pk, row.version, row.sha256 = None, version, bytes([version]) * 32
    row.save(force_insert=True)


def in_bundle(bundle: Bundle) -> BundleDocument:
    payload = BundleFolder(HOME.bundles).path(bytes(bundle.sha256)).read_bytes()
    return decode(payload, BundleDocument, limit=MAX_BUNDLE_BYTES)


def test_wrong_questions_come_in_too_and_are_mended_in_the_page(county: FictionalCounty) -> None:
    rows = [*good_rows(4), row(4, answer="C"), row(5, explanation="", source=""), row(6, kind="填空")]
    draft = bank(rows=rows)
    looked = look(draft, today=today())
    assert (len(looked.judged), looked.to_mend, looked.may_go) == (7, 3, False)
    wrong = [one for one in questions(draft) if looked.judged[one.pk].question is None]
    assert any("没有解释" in reason for reason in looked.judged[wrong[1].pk].reasons)
    assert any("题型" in said for said in wrong[2].said), "what the reader of the file said stays in sight"
    with pytest.raises(NotChanged, match="还有 3 题要改"):
        hand_over(draft, last_day=today(), by=editor())
    for one in wrong:
        mended = Written(
            kind="single",
            stem=one.stem,
            options=one.options,
            answer=[1],
            explanation="示例：因为。",
            source="《示例办法》第二条",
        )
        save_question(one, mended, level=one.level, revision=one.revision, by=editor())
    looked = look(draft, today=today())
    assert looked.may_go, looked.findings
    assert DraftQuestion.objects.get(pk=wrong[2].pk).said == [], "whoever saves a question has seen what was said"


def test_a_question_whose_row_names_no_level_waits_for_one(county: FictionalCounty) -> None:
    draft = bank(rows=[*good_rows(4), row(4, level="")])
    looked = look(draft, today=today())
    assert (looked.to_mend, looked.stops) == (1, []), "whether a level has enough is said once its questions are good"
    [wrong] = [one for one in questions(draft) if looked.judged[one.pk].question is None]
    assert "请选一关" in looked.why_not(looked.judged[wrong.pk])[0]
    first = draft.levels.first()
    assert first is not None
    save_question(wrong, written_of(wrong), level=first, revision=wrong.revision, by=editor())
    assert look(draft, today=today()).may_go
    assert [level.name for level in draft.levels.all()] == ["第一关"]


def test_an_answer_that_can_not_be_read_leaves_the_kind(county: FictionalCounty) -> None:
    draft = bank(rows=[*good_rows(4), row(4, answer="1")])
    [wrong] = [one for one in questions(draft) if not one.answer]
    assert (wrong.kind, look(draft, today=today()).to_mend) == ("single", 1)
    assert any("答案写的是" in said for said in wrong.said)


def test_a_part_of_an_answer_is_no_answer(county: FictionalCounty) -> None:
    draft = bank(rows=[*good_rows(5), row(5, kind=KINDS["multiple"], answer="ABE")])
    looked = look(draft, today=today())
    [wrong] = [one for one in questions(draft) if looked.judged[one.pk].question is None]
    assert wrong.answer == []


def test_what_two_people_wrote_a_third_publishes(county: FictionalCounty) -> None:
    draft = bank()
    first = questions(draft)[0]
    save_question(first, written_of(first), level=first.level, revision=first.revision, by=editor("another"))
    handed(draft)
    for own in ("writer", "another", "WRITER"):
        with pytest.raises(OwnAffair):
            publish(draft, by=own)
    assert not Bundle.objects.filter(kind="questions").exists()
    bundle = publish(draft)
    assert (bundle.bundle, bundle.version, bundle.regions) == (draft.pack, 1, [TOWNSHIP[:9]])
    pack = read_pack(in_bundle(bundle).content)
    assert [len(level.questions) for level in pack.levels] == [5]
    keeper = keepers().get(pack=draft.pack)
    assert (keeper.owner, keeper.review_by, keeper.made_by) == (draft.owner, draft.review_by, "second")


def test_what_waited_beyond_its_last_day_takes_nothing_off_the_kiosks(county: FictionalCounty) -> None:
    draft = bank()
    publish(handed(draft))
    change_head(draft, head(title="示例镇防火二"), editor())
    hand_over(draft, last_day=today() + dt.timedelta(days=2), by=editor())
    draft.refresh_from_db()
    with pytest.raises(NotPublished, match="结束时间已经过去"):
        publish(draft, days=4)
    assert Bundle.objects.filter(kind="questions").count() == 1


def test_whom_it_is_for_and_the_order_of_its_levels_can_change(county: FictionalCounty) -> None:
    draft = bank(
        rows=[
            *good_rows(5),
            *(row(number, level="第二关") for number in range(5, 8)),
            row(0, level="第二关", stem="示例题己一：先做什么？"),
            row(1, level="第二关", stem="示例题己二：先做什么？"),
        ]
    )
    first, second = draft.levels.all()
    move_level_up(second, editor())
    move_level_up(second, editor())
    change_head(draft, head(region=SHILI_VILLAGE), editor())
    draft.refresh_from_db()
    bundle = publish(handed(draft))
    assert bundle.regions == [SHILI_VILLAGE]
    assert [level.name for level in read_pack(in_bundle(bundle).content).levels] == [second.name, first.name]


def test_nobody_publishes_by_a_second_account_what_they_wrote(county: FictionalCounty) -> None:
    first, second = user_of(TOWNSHIP_OFFICER), user_of(CLERK)
    draft = handed(bank(by=editor(first.username)), first.username)
    # The county lets a person have one open account at a time; the one before still says who they are.
    person = Person.objects.first()
    first.person, first.is_active = person, False
    first.save(update_fields=["person", "is_active"])
    second.person = person
    second.save(update_fields=["person"])
    with pytest.raises(OwnAffair):
        publish(draft, by=second.username)


def test_while_it_waits_nothing_moves_and_what_is_sent_back_goes_on(county: FictionalCounty) -> None:
    draft = handed(bank())
    one = questions(draft)[0]
    for change in (
        lambda: save_question(one, written_of(one), level=one.level, revision=one.revision, by=editor()),
        lambda: add_question(one.level, editor()),
        lambda: drop_question(one, editor(), revision=one.revision),
        lambda: change_head(draft, head(title="别的"), editor()),
        lambda: take_file(draft, "a.gift", gift().encode(), editor()),
        lambda: give_up(draft, editor()),
        lambda: hand_over(draft, last_day=today(), by=editor()),
    ):
        with pytest.raises(NotChanged, match="等着发布"):
            change()
    assert draft.written is not None
    end_written(draft.written, reason="第三题不对", actor="second", at=timezone.now())
    drop_question(one, editor(), revision=one.revision)
    add_question(one.level, editor())
    assert len(questions(draft)) == 5


def test_it_goes_on_as_the_next_version_with_new_editors_and_the_same_questions(county: FictionalCounty) -> None:
    draft = handed(bank())
    publish(draft)
    draft.refresh_from_db()
    one = questions(draft)[0]
    assert one.ident
    other = Written(**{**{n: getattr(written_of(one), n) for n in Written.__slots__}, "answer": [1]})
    save_question(one, other, level=one.level, revision=one.revision, by=editor("second"))
    draft.refresh_from_db()
    assert (draft.editors, draft.written) == (["second"], None)
    handed(draft, "second")
    with pytest.raises(OwnAffair):
        publish(draft, by="second")
    bundle = publish(draft, by="writer")
    assert bundle.version == 2
    (level,) = read_pack(in_bundle(bundle).content).levels
    mended = next(question for question in level.questions if question.id == one.ident)
    assert (mended.answer, mended.key_since) == ([1], 1)


def test_a_question_keeps_the_id_that_it_got_by_what_it_asked(county: FictionalCounty) -> None:
    draft = bank(rows=good_rows())
    assert {one.ident for one in questions(draft)} != {""}
    DraftQuestion.objects.update(ident="")
    handed(draft)
    assert all(one.ident.startswith("q-") for one in questions(draft))


def test_a_newer_version_that_came_meanwhile_stops_the_one_that_waits(county: FictionalCounty) -> None:
    draft = handed(bank())
    publish(draft)
    draft.refresh_from_db()
    change_head(draft, head(title="示例镇防火 二"), editor())
    handed(draft)
    published_elsewhere(draft, 2)
    with pytest.raises(NotPublished, match="又有了新的一版"):
        publish(draft)


def test_a_draft_of_an_older_version_is_not_handed_over(county: FictionalCounty) -> None:
    draft = handed(bank())
    publish(draft)
    # Nobody has changed the draft since, and it rests on what was published of it and not on what came after that.
    published_elsewhere(draft, 2)
    refused = "后来发布了第 2 版，这份草稿里没有那一版的改动。请导出留底，删掉这份草稿，再从“下发内容”打开第 2 版"
    with pytest.raises(NotChanged, match=refused):
        handed(draft)
    change_head(draft, head(title="示例镇防火 二"), editor())
    with pytest.raises(NotChanged, match=refused):
        handed(draft)


def test_what_was_sent_back_for_a_newer_version_is_not_handed_over_again(county: FictionalCounty) -> None:
    draft = handed(bank())
    publish(draft)
    draft.refresh_from_db()
    handed(draft)
    published_elsewhere(draft, 2)
    assert draft.written is not None
    end_written(draft.written, reason="又有了新的一版", actor="second", at=timezone.now())
    with pytest.raises(NotChanged, match="后来发布了第 2 版"):
        handed(draft)


def test_a_draft_that_begins_with_the_newest_version_goes_out_as_the_next(county: FictionalCounty) -> None:
    draft = handed(bank())
    publish(draft)
    draft.refresh_from_db()
    bundle = publish(handed(draft))
    region = draft.region
    BankDraft.objects.all().delete()
    again = begin_from(bundle, region, editor("other"), folder=BundleFolder(HOME.bundles))
    assert publish(handed(again, "other")).version == 3


def test_what_an_earlier_release_kept_rests_on_the_newest_version(county: FictionalCounty) -> None:
    draft = handed(bank())
    publish(draft)
    WrittenPack.objects.update(version=0)
    import_module("server_broker.bundles.migrations.0007_version_of_written_packs").number(apps, None)
    import_module("server_broker.editing.migrations.0002_based_on").rest(apps, None)
    draft.refresh_from_db()
    assert (draft.based_on, draft.written and draft.written.version) == (1, 1)


def test_a_draft_goes_on_over_a_restored_database(county: FictionalCounty, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = handed(bank())
    publish(draft)
    monkeypatch.setattr(written_packs, "lowest_version", lambda: 1_000)
    draft.refresh_from_db()
    assert publish(handed(draft)).version == 1_001
    draft.refresh_from_db()
    assert publish(handed(draft)).version == 1_002


def test_pictures_and_voices_go_along(county: FictionalCounty) -> None:
    draft = bank()
    one, two = questions(draft)[:2]
    put_picture(one, picture(), editor())
    put_sound(two, wav(seconds=1), editor())
    assert sorted(draft.files.values_list("media_type", flat=True)) == ["audio/ogg", "image/png"]
    bundle = publish(handed(draft))
    asked = [question for level in read_pack(in_bundle(bundle).content).levels for question in level.questions]
    named = {name for question in asked for name in (question.picture, question.sound) if name}
    assert named == {item.name for item in in_bundle(bundle).items}
    assert len(named) == 2


@pytest.mark.parametrize("content", [b"", b"no picture", b"<svg onload='alert(1)'/>"])
def test_what_is_no_picture_is_not_taken(county: FictionalCounty, content: bytes) -> None:
    one = questions(bank())[0]
    with pytest.raises(NotChanged):
        put_picture(one, content, editor())
    assert not DraftFile.objects.exists()


def test_files_that_a_bank_names_come_with_it(county: FictionalCounty) -> None:
    draft = bank()
    one, two = questions(draft)[:2]
    DraftQuestion.objects.filter(pk=one.pk).update(picture="tu.png", sound="nian.wav")
    DraftQuestion.objects.filter(pk=two.pk).update(picture="huai.png")
    assert look(draft, today=today()).to_mend == 2
    files = {"tu.png": picture(), "nian.wav": wav(seconds=1), "huai.png": b"none", "duo.png": picture()}
    refused = put_files(draft, files, editor())
    assert len(refused) == 2
    assert any("没有题用到“duo.png”" in one for one in refused)
    assert look(draft, today=today()).to_mend == 1
    assert sorted(draft.files.values_list("name", flat=True)) == ["nian.wav", "tu.png"]


def test_a_picture_that_takes_the_place_of_another_leaves_no_file_behind(county: FictionalCounty) -> None:
    draft = bank()
    one = questions(draft)[0]
    put_picture(one, picture(), editor())
    put_picture(questions(draft)[0], picture(), editor())
    assert draft.files.count() == 1
    first = questions(draft)[0]
    drop_question(first, editor(), revision=first.revision)
    assert not draft.files.exists()


def test_two_editors_do_not_overwrite_one_another(county: FictionalCounty) -> None:
    draft = bank()
    one = questions(draft)[0]
    save_question(one, written_of(one), level=one.level, revision=one.revision, by=editor("another"))
    with pytest.raises(NotChanged, match=ANOTHER_SAVED):
        save_question(one, written_of(one), level=one.level, revision=one.revision, by=editor())
    with pytest.raises(NotChanged, match=ANOTHER_SAVED):
        drop_file(one, "picture", editor(), revision=one.revision)


def test_levels_are_made_renamed_and_dropped_while_empty(county: FictionalCounty) -> None:
    draft = bank()
    level = add_level(draft, "第二关", editor())
    with pytest.raises(NotChanged, match="已有一关"):
        add_level(draft, "第二关", editor())
    change_level(level, "第二关 怎么办", 7, editor())
    level.refresh_from_db()
    assert (level.name, level.draw) == ("第二关 怎么办", 7)
    with pytest.raises(NotChanged, match="还有题"):
        drop_level(questions(draft)[0].level, editor())
    drop_level(level, editor())
    assert draft.levels.count() == 1


def test_a_published_pack_becomes_a_draft_again_once(county: FictionalCounty) -> None:
    draft = bank()
    put_picture(questions(draft)[0], picture(), editor())
    bundle = publish(handed(draft))
    region = draft.region
    BankDraft.objects.all().delete()
    again = begin_from(bundle, region, editor("other"), folder=BundleFolder(HOME.bundles))
    assert look(again, today=today()).may_go
    assert (again.title, again.owner, again.files.count()) == (draft.title, draft.owner, 1)
    with pytest.raises(NotChanged, match="已经有人在改"):
        begin_from(bundle, region, editor(), folder=BundleFolder(HOME.bundles))


def test_a_bank_goes_out_as_gift_and_comes_in_equal(county: FictionalCounty) -> None:
    draft = bank()
    before = look(draft, today=today()).bank
    other = bank(rows=[])
    taken = take_file(other, "题库.gift", gift_of(before).encode(), editor())
    assert (taken.good, taken.to_mend) == (5, 0)
    assert list(look(other, today=today()).bank.questions()) == list(before.questions())


def test_a_bank_that_went_out_and_was_mended_comes_in_again_in_its_place(county: FictionalCounty) -> None:
    draft = bank()
    change_head(draft, head(sample=False), editor())
    out = gift_of(look(draft, today=today()).bank).replace("再灭火", "再喊人")
    taken = take_file(draft, "题库.gift", out.encode(), editor())
    assert (taken.good, taken.renewed, len(questions(draft))) == (5, 5, 5)
    assert all("再喊人" in one.explanation for one in questions(draft))
    assert look(draft, today=today()).may_go


def test_a_file_of_samples_makes_a_sample_of_the_bank(county: FictionalCounty) -> None:
    draft = begin(head(sample=False), editor())
    sample = bank()
    take_file(draft, "题库.gift", gift_of(look(sample, today=today()).bank).encode(), editor())
    draft.refresh_from_db()
    assert draft.sample


def test_a_file_that_is_none_changes_nothing(county: FictionalCounty) -> None:
    draft = bank()
    for name, content in (("a.xlsx", b"PK\x03\x04broken"), ("a.gift", b"\xff\xfe\x00"), ("a.json", b"{}")):
        with pytest.raises(NotChanged):
            take_file(draft, name, content, editor())
    assert len(questions(draft)) == 5


def test_a_gift_question_that_nobody_can_read_is_told_with_its_line(county: FictionalCounty) -> None:
    draft = bank(rows=[])
    text = "示例：没有收尾的一题{\n=甲 ~乙\n\n::q::示例：甲还是乙？{=甲 ~乙####示例。\\n出处：《示例》第一条}\n"
    taken = take_file(draft, "a.gift", text.encode(), editor())
    assert (taken.good, taken.to_mend) == (1, 0)
    (lost,) = taken.lost
    assert lost.startswith("第 1 行：{ 和 } 没有成对")


def test_nobody_answers_for_it_so_it_does_not_go_out(county: FictionalCounty) -> None:
    draft = bank()
    change_head(draft, head(owner=""), editor())
    with pytest.raises(NotChanged, match="谁负责"):
        hand_over(draft, last_day=today() + dt.timedelta(days=3), by=editor())
    change_head(draft, head(review_by=None), editor())
    with pytest.raises(NotChanged, match="复审日期"):
        hand_over(draft, last_day=today() + dt.timedelta(days=3), by=editor())


def test_the_guard_reads_each_question_and_what_is_handed_over(county: FictionalCounty) -> None:
    draft = bank(rows=[*good_rows(4), row(4, explanation="示例：打电话 13800138000 问。")])
    looked = look(draft, today=today())
    assert looked.to_mend == 1
    assert "手机" in "".join(looked.kept_back.values())
    with pytest.raises(NotChanged, match="手机"):
        hand_over(draft, last_day=today() + dt.timedelta(days=3), by=editor())


def test_a_draft_is_given_up_and_what_was_published_stays(county: FictionalCounty) -> None:
    draft = handed(bank())
    bundle = publish(draft)
    give_up(draft, editor())
    assert not BankDraft.objects.exists()
    assert Bundle.objects.filter(pk=bundle.pk, withdrawn_at=None).exists()
