"""A CSV file goes the same way through the console as a workbook: read apart, shown, and done exactly as shown."""

import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from server_broker import trust
from server_broker.people.models import Person
from tests.cast import OPERATOR, SHILI_VILLAGE
from tests.server_broker.county import make_county, signed_in

pytestmark = pytest.mark.django_db


def test_a_list_in_gbk_is_shown_and_then_taken() -> None:
    trust.prepare(settings.HOME)
    make_county()
    page = signed_in(OPERATOR)
    data = f"示例镇干部名册,,\n编号,姓名,村代码\nc1,丙示例,{SHILI_VILLAGE}\n".encode("gbk")
    answer = page.post("/people/import/", {"file": SimpleUploadedFile("名单.csv", data)})
    assert answer.status_code == 302
    html = page.get(answer["Location"]).content.decode()
    assert "按表头认作“人员”" in html
    assert "丙示例" in html
    assert not Person.objects.filter(number="c1").exists()
    found = re.search(r'name="shown" value="([0-9a-f]{64})"', html)
    assert found is not None
    page.post(answer["Location"], {"shown": found[1]})
    assert Person.objects.get(number="c1").name == "丙示例"


def test_what_another_release_kept_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that waits over an upgrade is of another form; its sender uploads the file once more."""
    trust.prepare(settings.HOME)
    make_county()
    page = signed_in(OPERATOR)
    data = f"编号,姓名,村代码\nc1,丙示例,{SHILI_VILLAGE}\n".encode()
    monkeypatch.setattr("server_broker.sheets.pending.msgspec.msgpack.encode", lambda kept: b"\x80")
    answer = page.post("/people/import/", {"file": SimpleUploadedFile("名单.csv", data)})
    assert page.get(answer["Location"])["Location"] == "/people/import/"
