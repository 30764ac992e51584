"""No new account is called as the service calls itself, nor so that it looks like another's."""

import re

import pytest
from django.test import Client

from server_broker.accounts.account_changes import AccountRefused, make_account
from server_broker.accounts.models import Role, User
from tests.cast import ADMINISTRATOR, COUNTY
from tests.server_broker.accounts.account_forms import PASSWORD, make
from tests.server_broker.county import make_county, signed_in

pytestmark = pytest.mark.django_db

REFUSED = [
    "service",
    "Service",
    "cunhui-server",
    "ＬＯＣＡＬ",
    "-",
    ".",
    "..",
    "_",
    "-service",
    "cli:root",
    "me@here",
    "a+b",
    "\u0430dmin",  # a Cyrillic letter that looks like the Latin one
    "\u03bfperator",  # a Greek one
    "\u13a0\u13a1",
    "张\u0301三",
    "١٢",
    "カ",
]
TAKEN = ["zhang.san", "op-01", "A_b", "7", "张三", "张三-2", "〇", "localhost", "service2", "ｚｈａｎｇ"]


@pytest.fixture
def county() -> Client:
    make_county()
    return signed_in(ADMINISTRATOR)


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_could_be_mistaken_is_refused(county: Client, name: str) -> None:
    assert make(county, name, "operator", COUNTY) == 200
    with pytest.raises(AccountRefused, match="账号名不能用"):
        make_account(name, role=Role.OPERATOR, region=COUNTY)
    assert list(User.objects.values_list("username", flat=True)) == [ADMINISTRATOR.username]


@pytest.mark.parametrize("name", TAKEN)
def test_letters_digits_and_chinese_are_taken_in_the_console_and_at_the_machine(county: Client, name: str) -> None:
    assert make(county, name, "operator", COUNTY) == 302
    User.objects.exclude(username=ADMINISTRATOR.username).delete()
    make_account(name, role=Role.OPERATOR, region=COUNTY)
    assert User.objects.count() == 2


@pytest.mark.parametrize("name", ["sun-xitong", "Sun-Xitong", "ｓｕｎ-ｘｉｔｏｎｇ"])
def test_a_name_that_is_taken_is_said_on_the_form(county: Client, name: str) -> None:
    form = {"username": name, "role": "operator", "region": COUNTY}
    answer = county.post("/admin/accounts/user/add/", form)
    assert answer.status_code == 200
    assert "已有账号" in answer.content.decode()
    assert User.objects.count() == 1


@pytest.mark.parametrize("sign", "@+/")
def test_the_help_promises_no_sign_that_is_refused(county: Client, sign: str) -> None:
    form = county.get("/admin/accounts/user/add/").context["adminform"].form
    allowed = str(form.fields["username"].help_text).partition("只能用")[2].partition("，")[0]
    assert "汉字" in allowed
    assert sign not in allowed
    assert make(county, f"a{sign}b", "operator", COUNTY) == 200
    assert User.objects.count() == 1


def test_what_must_be_filled_in_is_starred_and_asked_for(county: Client) -> None:
    page = county.get("/admin/accounts/user/add/")
    form = page.context["adminform"].form
    needed = {"username", "role", "region"}
    assert {name for name in needed if form.fields[name].required} == needed
    assert page.content.decode().count("*</span>") == len(needed)
    assert "审计员不在这里开" in page.content.decode()
    refused = county.post("/admin/accounts/user/add/", {"username": "new", "role": "operator"})
    assert refused.context["adminform"].form.errors.keys() == {"region"}


def test_who_gets_a_new_account_signs_in_by_a_link_and_chooses_the_password(county: Client) -> None:
    form = {"username": "new", "role": "operator", "region": COUNTY}
    shown = county.post("/admin/accounts/user/add/", form, follow=True).content.decode()
    [path] = re.findall(r"/sign-in/link/[A-Za-z0-9_-]{43}/", shown)
    assert not User.objects.get(username="new").has_usable_password()
    theirs = Client()
    assert "到“我的账号”设密码" in theirs.post(path, follow=True).content.decode()
    chosen = {"new": PASSWORD, "again": PASSWORD}
    assert theirs.post("/account/password/", chosen).status_code == 302
    assert User.objects.get(username="new").check_password(PASSWORD)
