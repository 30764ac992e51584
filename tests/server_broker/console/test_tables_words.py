"""The data tables under /admin/ are part of this console: its name, its colours and its language."""

import gettext
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from server_broker.accounts.account_changes import make_account
from server_broker.accounts.hashers import CountyArgon2Hasher
from server_broker.accounts.models import Role
from server_broker.audit.models import AuditEntry
from tests.cast import ADMINISTRATOR, COUNTY, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_ADMINISTRATOR, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, client_for, make_county, signed_in, window

WORDS = Path(settings.LOCALE_PATHS[0]) / "zh_Hans" / "LC_MESSAGES"
PASSWORD = "right horse staple"
PAGES = (
    "",
    "people/person/",
    "people/person/?q=nobody",
    "people/person/a1/change/",
    "fleet/station/",
    "fleet/station/shili-01/change/",
    "regions/region/",
    f"regions/region/{SHILI_VILLAGE}/change/",
    "attendance/dutywindow/",
    "accounts/user/",
    "accounts/user/add/",
    "password_change/",
)


@pytest.fixture
def county(db: None) -> FictionalCounty:
    return make_county()


@pytest.fixture
def admin(county: FictionalCounty) -> Client:
    return signed_in(ADMINISTRATOR)


def written() -> dict[str, str]:
    """The translations as a person reads them."""
    text = (WORDS / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.+)"$', text, re.MULTILINE)
    return {msgid.replace('\\"', '"'): word.replace('\\"', '"') for msgid, word in pairs}


def test_what_is_compiled_is_what_is_written() -> None:
    with (WORDS / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert len(written()) > 40
    for msgid, word in written().items():
        assert compiled.gettext(msgid) == word


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_tables_speaks_the_console_s_language(admin: Client, page: str) -> None:
    answer = admin.get(f"/admin/{page}", follow=True)
    assert answer.status_code == 200
    html = answer.content.decode()
    assert "村慧 · 系统管理" in html
    assert "rgb(12, 90, 61)" in html
    visible = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->|<[^>]+>", " ", html, flags=re.DOTALL)
    for foreign in ("Django", "Accounts", "Duty window", *(msgid for msgid in written() if " " in msgid)):
        assert foreign not in visible, foreign


def test_an_account_s_page_tells_how_its_password_is_kept_and_nothing_of_the_hash(admin: Client) -> None:
    account = make_account("clerk", role=Role.OFFICER, region=TOWNSHIP)
    account.set_password(PASSWORD)
    account.save()
    html = admin.get(f"/admin/accounts/user/{account.pk}/change/").content.decode()
    assert "占用内存</strong>: 19 MiB" in html
    assert CountyArgon2Hasher().decode(account.password)["hash"][:6] not in html


def test_the_own_password_is_changed_on_the_record(admin: Client) -> None:
    account = make_account("second", role=Role.SYSTEM, region=COUNTY)
    account.set_password(PASSWORD)
    account.save()
    client = client_for(account)
    new = "another horse staple"
    form = {"old_password": "wrong", "new_password1": new, "new_password2": new}
    client.post("/admin/password_change/", form)
    assert not AuditEntry.objects.filter(action="account.password_set").exists()
    client.post("/admin/password_change/", form | {"old_password": PASSWORD})
    entry = AuditEntry.objects.get(action="account.password_set")
    assert (entry.actor, entry.subject) == ("second", "second")
    account.refresh_from_db()
    assert account.check_password(new)


def test_a_duty_window_names_only_people_of_the_viewer_s_scope(county: FictionalCounty) -> None:
    made = window(SHILI_VILLAGE, "上午班", [county.people[ZHANG], county.people[WANG]])
    town = signed_in(TOWNSHIP_ADMINISTRATOR)
    html = town.get(f"/admin/attendance/dutywindow/{made.pk}/change/").content.decode()
    assert "张示例" in html
    assert "王样板" not in html
    assert "08:00–12:00" in html
