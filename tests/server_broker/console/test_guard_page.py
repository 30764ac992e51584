"""The page 公示把关: a number is asked for, agreed to by another person, and passes; a text is tried and not kept."""

import pytest
from django.utils import timezone

from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, WrittenNotice
from server_broker.bundles.publishing import withdraw
from server_broker.guard.models import Permit, SecretWord
from server_broker.settings import HOME
from tests.cast import (
    EDITOR,
    OPERATOR,
    OTHER_TOWNSHIP,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
)
from tests.server_broker.console.test_published import publish, write
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.pages import text_of

pytestmark = pytest.mark.django_db
LINE = "有事打 029-85550123"
ASKED = {"number": "029-8555 0123", "owner": "示例镇党政办", "region": TOWNSHIP, "reason": "镇办值班电话"}


@pytest.fixture(autouse=True)
def county() -> None:
    HOME.bundles.mkdir(parents=True, exist_ok=True)
    make_county()


def test_an_office_s_number_passes_after_another_person_has_agreed() -> None:
    officer, editor = signed_in(TOWNSHIP_OFFICER), signed_in(EDITOR)
    status, page = write(officer, "submit", line=LINE)
    assert status == 422
    assert "一句话：像是座机号码“有事打029******23”" in page
    assert "029-85550123" in page, "what was typed is there to be changed"
    assert "要由另一个人同意" in officer.post("/guard/permits/ask/", ASKED, follow=True).content.decode()
    permit = Permit.objects.get()
    agree = f"/guard/permits/{permit.pk}/agree/"
    assert "这一条是您提的" in officer.post(agree, {"reason": "我自己同意"}, follow=True).content.decode()
    assert write(officer, "submit", line=LINE)[0] == 422
    assert "示例镇党政办" in text_of(editor, "/guard/")
    assert "已同意" in editor.post(agree, {"reason": "电话簿上查过"}, follow=True).content.decode()
    assert write(officer, "submit", line=LINE)[0] == 200
    assert "已发布" in publish(editor, WrittenNotice.objects.get())
    assert Bundle.objects.count() == 1


def test_what_became_secret_while_it_waited_is_not_published() -> None:
    write(signed_in(TOWNSHIP_OFFICER), "submit", line="示例行动周三开始")
    signed_in(OPERATOR).post("/guard/words/add/", {"word": "示例行动"})
    assert "里面有不能公开的内容" in publish(signed_in(EDITOR), WrittenNotice.objects.get())
    assert not Bundle.objects.exists()


def test_what_is_published_is_looked_at_again_when_the_county_adds_a_word() -> None:
    officer, editor, operator = signed_in(TOWNSHIP_OFFICER), signed_in(EDITOR), signed_in(OPERATOR)
    write(officer, "submit", line="示例行动周三开始")
    publish(editor, WrittenNotice.objects.get())
    head = "已经发布、现在不能公开的"
    assert head not in text_of(officer, "/guard/")
    page = operator.post("/guard/words/add/", {"word": "示例行动"}, follow=True).content.decode()
    row = Bundle.objects.get()
    assert head in page
    assert f'href="/published/{row.pk}/"' in page
    assert "不能外传的字样“示例行动周三开始”" in text_of(officer, "/guard/")
    assert head not in text_of(signed_in(OTHER_TOWNSHIP_OFFICER), "/guard/"), "not for their places"
    assert row.withdrawn_at is None, "people withdraw, not the guard"
    BundleFolder(HOME.bundles).path(bytes(row.sha256)).unlink()
    operator.post("/guard/words/add/", {"word": "示例工程"})
    assert "县里的文件读不到，没有查" in text_of(officer, "/guard/")
    withdraw(row.bundle, reason="不能公开", actor="other", at=timezone.now())
    assert head not in text_of(officer, "/guard/")


def test_an_identity_number_can_t_be_asked_for() -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    answer = officer.post("/guard/permits/ask/", ASKED | {"number": "11010519491231002X"}, follow=True)
    assert "谁也不能放行" in answer.content.decode()
    assert not Permit.objects.exists()


def test_another_township_neither_sees_nor_agrees_nor_asks() -> None:
    signed_in(TOWNSHIP_OFFICER).post("/guard/permits/ask/", ASKED)
    permit, stranger = Permit.objects.get(), signed_in(OTHER_TOWNSHIP_OFFICER)
    assert "85550123" not in text_of(stranger, "/guard/")
    for act in ("agree", "end"):
        assert stranger.post(f"/guard/permits/{permit.pk}/{act}/", {"reason": "看看行不行"}).status_code == 404
    own = stranger.post("/guard/permits/ask/", ASKED | {"number": "02985550199"}, follow=True)
    assert "请选择在哪里可以公开" in own.content.decode()
    permit.refresh_from_db()
    assert (permit.agreed_at, permit.ended_at, Permit.objects.count()) == (None, None, 1)
    assert OTHER_TOWNSHIP != TOWNSHIP


def test_a_text_is_tried_and_not_kept() -> None:
    page = signed_in(SECRETARY).post("/guard/", {"text": "找张示例 一三八〇〇一三八〇〇一"}).content.decode()
    assert "× 手机号" in page
    fine = signed_in(SECRETARY).post("/guard/", {"text": "周三开会"}).content.decode()
    assert "✓ 没有查到" in fine
    assert not Permit.objects.exists()


def test_words_are_the_county_s_alone() -> None:
    township, operator = signed_in(TOWNSHIP_OPERATOR), signed_in(OPERATOR)
    word = {"word": "示例行动", "harmless": "示例行动宣传画、示例行动标语"}
    assert township.post("/guard/words/add/", word).status_code == 404
    assert "已添加" in operator.post("/guard/words/add/", word, follow=True).content.decode()
    row = SecretWord.objects.get()
    assert row.harmless == ["示例行动宣传画", "示例行动标语"]
    assert write(operator, "preview", line="示例行动方案")[0] == 422
    assert township.post(f"/guard/words/{row.pk}/end/").status_code == 404
    operator.post(f"/guard/words/{row.pk}/end/")
    assert write(operator, "preview", line="示例行动方案")[0] == 200
