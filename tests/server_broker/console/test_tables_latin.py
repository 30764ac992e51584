"""Each page of the data tables speaks Chinese: what is Latin on it is an account's name, an id or a unit."""

import html
import re
from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from server_broker.accounts.models import User
from server_broker.attendance.models import DutyWindow
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from tests.cast import ADMINISTRATOR, AUDITOR, COUNTY, SHILI_VILLAGE, TOWNSHIP, ZHANG
from tests.server_broker.accounts.account_forms import PASSWORD, USERS, change, make
from tests.server_broker.county import make_county, signed_in, user_of, window

ACCOUNTS = (ADMINISTRATOR.username, "li-si", AUDITOR.username)
TECHNICAL = {"Argon2id", "MiB"}
"""How a password is kept."""
TYPED = {"sudo", "cunhui-server", "account", "role", "security", "auditor"}
"""The command that makes the accounts which these tables don't make."""
NOT_SAID = re.compile(
    r"<(script|style|template|kbd)\b.*?</\1>|<!--.*?-->"
    r'|<(\w+)[^>]*class="[^"]*material-symbols[^"]*"[^>]*>.*?</\2>',  # icons, whose names are their glyphs
    re.DOTALL,
)
SAID_BY_ATTRIBUTES = re.compile(r'\s(?:title|aria-label|placeholder|alt)="([^"]*)"')
ON_BUTTONS = re.compile(r'<input\b(?=[^>]*type="(?:submit|button)")[^>]*\bvalue="([^"]*)"')
LATIN = re.compile(r"[A-Za-z][\w'’.-]*", re.ASCII)


@pytest.fixture
def tables(db: None) -> Client:
    """An administrator's browser in which accounts were made, changed and closed, so that they have a history."""
    county = make_county()
    window(SHILI_VILLAGE, "上午班", [county.people[ZHANG]])
    client = signed_in(ADMINISTRATOR)
    assert make(client, ACCOUNTS[1], "officer", TOWNSHIP) == 302
    made = User.objects.get(username=ACCOUNTS[1])
    assert change(client, made, role="operator", region=COUNTY) == 302
    another = {"password1": PASSWORD[::-1], "password2": PASSWORD[::-1], "usable_password": "true"}
    assert client.post(f"{USERS}{made.pk}/password/", another).status_code == 302
    assert client.post(f"{USERS}{made.pk}/password/", {"usable_password": "false"}).status_code == 302
    assert change(client, made, is_active="") == 302
    user_of(AUDITOR.placed_in(None))
    return client


def addresses() -> Iterator[str]:
    """Every list and form of every table, and what an administrator reaches beside them."""
    for name in ("index", "password_change", "password_change_done"):
        yield reverse(f"admin:{name}")
    for model in admin.site._registry:
        meta = model._meta
        table = f"admin:{meta.app_label}_{meta.model_name}"
        yield reverse("admin:app_list", args=[meta.app_label])
        yield reverse(f"{table}_changelist")
        yield reverse(f"{table}_changelist") + "?q=0000"
        yield reverse(f"{table}_add")
        for row in model._default_manager.all():
            for page in ("change", "history", "delete"):
                yield reverse(f"{table}_{page}", args=[row.pk])
    for account in User.objects.all():
        yield reverse("admin:auth_user_password_change", args=[account.pk])


def said(page: str) -> list[str]:
    """What a person reads or hears of a page."""
    bare = NOT_SAID.sub(" ", page)
    texts = [*SAID_BY_ATTRIBUTES.findall(bare), *ON_BUTTONS.findall(bare), *re.split(r"<[^>]*>", bare)]
    return [html.unescape(text) for text in texts]


def names() -> set[str]:
    """What may be Latin because somebody chose it or because it is an id."""
    known = {*ACCOUNTS, *Station.objects.values_list("id", flat=True)}
    for number, name in Person.objects.values_list("number", "name"):
        known |= {number, *LATIN.findall(name)}
    return known | TECHNICAL | TYPED


def latin_of(page: str) -> set[str]:
    return {word for text in said(page) for word in LATIN.findall(text)} - names()


def test_what_is_latin_is_a_name_or_an_id(tables: Client) -> None:
    initial = ACCOUNTS[0][0].upper()  # in the circle beside the account's own name
    foreign: dict[str, set[str]] = {}
    opened = []
    for address in addresses():
        answer = tables.get(address)
        assert answer.status_code in (200, 403), address
        opened += [address] if answer.status_code == 200 else []
        if words := latin_of(answer.content.decode()) - {initial}:
            foreign[address] = words
    assert foreign == {}
    assert len(opened) > 30
    assert f"{USERS}add/" in opened


@pytest.mark.parametrize("name", ["me@here", ACCOUNTS[1], ""])
def test_so_it_is_on_a_form_that_was_refused(tables: Client, name: str) -> None:
    answer = tables.post(f"{USERS}add/", {"username": name, "role": "officer", "password1": "1", "password2": "2"})
    assert answer.status_code == 200
    assert latin_of(answer.content.decode()) - {ACCOUNTS[0][0].upper(), "me", "here"} == set()


def test_an_account_is_called_everywhere_as_it_is_called(tables: Client) -> None:
    for account in User.objects.all():
        for page in ("change", "history"):
            html = tables.get(f"{USERS}{account.pk}/{page}/").content.decode()
            assert account.username in html
            assert account.username.capitalize() not in html


def test_a_duty_window_is_called_by_its_name(tables: Client) -> None:
    made = DutyWindow.objects.get()
    assert "上午班 | 查看 值班时段" in tables.get(f"/admin/attendance/dutywindow/{made.pk}/change/").content.decode()


def test_a_change_is_told_in_the_words_of_the_form(tables: Client) -> None:
    made = User.objects.get(username=ACCOUNTS[1])
    history = tables.get(f"{USERS}{made.pk}/history/").content.decode()
    assert "已修改在用。" in history
    assert "已修改角色" in history


def test_a_page_that_only_shows_an_account_says_why(tables: Client) -> None:
    own, auditor, other = (User.objects.get(username=name) for name in (ACCOUNTS[0], ACCOUNTS[2], ACCOUNTS[1]))
    assert "自己不能改" in tables.get(f"{USERS}{own.pk}/change/").content.decode()
    assert "请在县服务器上改" in tables.get(f"{USERS}{auditor.pk}/change/").content.decode()
    assert "只能看" not in tables.get(f"{USERS}{other.pk}/change/").content.decode()
