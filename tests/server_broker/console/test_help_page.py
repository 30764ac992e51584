"""帮助: every guide is shown with all that it points to, and pages lead to the section about them."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import get_resolver

from server_broker.accounts.models import Role
from server_broker.console import guides, help_places
from server_broker.console.guides import anchor_of, page_of, target_of
from tests.cast import AUDITOR, BY_ROLE, OPERATOR
from tests.server_broker.county import make_county, signed_in
from tests.server_broker.pages import text_of, words_of

ROOT = Path(__file__).parents[3]
NAMES = sorted(path.stem for path in (ROOT / "docs" / "guides").glob("*.md"))


def test_all_guides_of_the_checkout_are_there() -> None:
    assert sorted(guides.guides()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_points_to_nothing_that_is_not_there(name: str) -> None:
    page = page_of(name)
    assert "<h1" in page.html
    for source in re.findall(r'<img[^>]* src="([^"]+)"', page.html):
        assert source.startswith("/help/pictures/")
        assert guides.picture_file(source.removeprefix("/help/pictures/")) is not None, source
    for target in re.findall(r'<a href="([^"]+)"', page.html):
        if target.startswith(("https://", "http://")):
            continue
        there, _, anchor = target.partition("#")
        other = unquote(there.removeprefix("/help/").rstrip("/")) or name
        assert other in guides.guides(), target
        assert not anchor or f'id="{unquote(anchor)}"' in page_of(other).html, target
    anchors = re.findall(r' id="([^"]+)"', page.html)
    assert len(anchors) == len(set(anchors))


def test_files_of_the_repository_are_no_links() -> None:
    assert target_of("../rules.md") == ""
    assert target_of("../../README.md") == ""
    assert target_of("%E5%8E%BF%E6%9C%8D%E5%8A%A1%E5%99%A8-%E5%BE%85%E5%8A%9E.md").startswith("/help/")
    assert target_of("https://www.debian.org/") == "https://www.debian.org/"
    assert "rules.md" not in page_of("考勤管理员手册").html


def test_a_guides_own_html_is_text(monkeypatch: pytest.MonkeyPatch) -> None:
    own = guides.Guide("坏", "坏", "# 坏\n\n<script>alert(1)</script> <img src=x onerror=y> [a](javascript:alert(1))\n")
    monkeypatch.setattr(guides, "guides", lambda: {"坏": own})
    html = page_of.__wrapped__("坏").html
    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html


def test_no_other_file_is_given_away() -> None:
    for name in ("", "..", "../rules.md", "/etc/passwd", "no.png", "console-fleet.png\n"):
        assert guides.picture_file(name) is None, name


def test_each_section_that_a_page_leads_to_is_there() -> None:
    pages = set(get_resolver().reverse_dict)
    for page, (guide, heading) in help_places.SECTIONS.items():
        assert page in pages
        assert f'id="{anchor_of(heading)}"' in page_of(guide).html, (page, heading)
    assert set(help_places.FOR_ROLES) <= set(NAMES)
    assert all(name.startswith("装机手册") for name in NAMES if name not in help_places.FOR_ROLES)
    assert {role for roles in help_places.FOR_ROLES.values() for role in roles} == set(Role)


@pytest.mark.django_db
def test_each_role_finds_its_own_guides_first() -> None:
    make_county()
    for role, account in BY_ROLE.items():
        html = text_of(signed_in(account), "/help/")
        assert re.findall(r"<h2>(.*?)</h2>", html)[0] == Role(role).label
        assert "装机员" in html


@pytest.mark.django_db
def test_a_text_is_found_with_the_section_that_it_stands_in() -> None:
    make_county()
    html = text_of(signed_in(AUDITOR), "/help/?q=谁也不能直接改一个格子")
    assert "考勤管理员手册 › 谁做什么" in words_of(html)
    assert "<strong>谁也不能直接改一个格子</strong>" in html
    found = guides.search("CUNHUI-server DOCTOR")
    assert found
    assert all(one.match.lower() == "cunhui-server doctor" for one in found)
    assert guides.search("备份")[0].guide.title.startswith("备份")
    for stolen in ("存储卡丢了", "存储卡被偷", "机器被偷"):
        assert "存储卡丢了、站点机器被偷了" in {one.section.title for one in guides.search(stolen)}
    assert "没有找到" in text_of(signed_in(AUDITOR), "/help/?q=没有的词组")
    assert "<script>" not in text_of(signed_in(AUDITOR), "/help/?q=<script>")


@pytest.mark.django_db
def test_a_page_leads_to_the_section_about_it() -> None:
    make_county()
    client = signed_in(OPERATOR)
    [target] = re.findall(r'class="help-link" href="([^"]+)"', text_of(client, "/desk/"))
    page, _, anchor = target.partition("#")
    assert f'id="{unquote(anchor)}"' in text_of(client, unquote(page))
    assert 'class="help-link" href="/help/"' in text_of(client, "/tokens/")


@pytest.mark.django_db
def test_guides_are_for_those_who_have_signed_in() -> None:
    for path in ("/help/", "/help/县级安装手册/", "/help/pictures/duty-month-1440.png"):
        assert Client().get(path)["Location"].startswith("/sign-in/")


@pytest.mark.django_db
def test_without_the_package_s_documents_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    make_county()
    monkeypatch.setattr(guides, "guides", dict)
    client = signed_in(AUDITOR)
    assert "本机没有说明书" in text_of(client, "/help/")
    assert client.get("/help/县级安装手册/").status_code == 404
    assert 'class="help-link" href="/help/"' in text_of(client, "/record/")
