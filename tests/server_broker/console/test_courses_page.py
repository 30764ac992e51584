"""必学和选学: what a form that is refused keeps, and whose packs it lists."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.test import Client
from django.utils import timezone

from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.courses.models import Course
from tests.cast import SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OFFICER
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.learning.worlds import pack

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def officer(tmp_path: Path) -> Client:
    make_county()
    for name, regions in (("law", [""]), ("health", [SHILI_VILLAGE])):
        publish_questions(
            pack(name=name),
            key=KEY,
            folder=BundleFolder(tmp_path),
            author="chen-shili",
            at=timezone.now(),
            regions=regions,
        )
    return signed_in(TOWNSHIP_OFFICER)


def offered(client: Client, **changed: Any) -> Any:
    usual = {"region": TOWNSHIP, "title": "示例：冬季选学", "packs": ["law"], "choose": "1", "reason": "冬天闲下来学"}
    return client.post("/courses/offer/", usual | changed)


def test_a_refused_menu_keeps_what_was_typed(officer: Client) -> None:
    answer = offered(officer, choose="2")
    page = answer.content.decode()
    assert (answer.status_code, Course.objects.count()) == (422, 0)
    assert "没有改动" in page
    assert 'value="示例：冬季选学"' in page
    assert 'value="冬天闲下来学"' in page
    assert 'value="law" checked' in page


def test_a_refused_requirement_keeps_what_was_typed(officer: Client) -> None:
    asked = {"region": TOWNSHIP, "pack": "law", "until": "2020-01-01", "types": ["cadre"], "reason": "防汛要紧"}
    answer = officer.post("/courses/require/", asked)
    page = answer.content.decode()
    assert (answer.status_code, Course.objects.count()) == (422, 0)
    assert 'value="2020-01-01"' in page
    assert 'value="cadre" checked' in page


def test_a_villages_own_pack_is_listed_with_whom_it_is_for(officer: Client) -> None:
    assert "（只发给示例村）" in officer.get("/courses/").content.decode()
    assert offered(officer, region=SHILI_VILLAGE, packs=["health"]).status_code == 302
    assert offered(officer, packs=["health"]).status_code == 422
