"""Everybody changes the own password, and recovery codes stand in for a telephone that is gone."""

import re

import pytest
from django.test import Client

from server_broker.accounts.account_changes import set_password
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import RecoveryCode, SecondFactor, User
from server_broker.accounts.recovery import CODES, make_codes, use_code
from server_broker.audit.models import AuditEntry
from server_broker.manifest.access_check import check_access
from tests.cast import ADMINISTRATOR, AUDITOR, BY_ROLE, OPERATOR, Account
from tests.server_broker.accounts.test_second_factor import HERE, opens, set_up, token_of
from tests.server_broker.county import make_county, signed_in, user_of

pytestmark = pytest.mark.django_db

OLD, NEW = "right horse staple", "left horse staple"
CODE = re.compile(r"<li>([0-9A-Z-]{19})</li>")
ROLES = [pytest.param(BY_ROLE[role], id=role) for role in ("system", "auditor", "secretary")]
"""One that shows a second factor before any page, one without a region, and one of a village."""


@pytest.fixture(autouse=True)
def _county() -> None:
    make_county()


def with_password(account: Account) -> tuple[User, Client]:
    user = user_of(account)
    set_password(user, OLD, actor="service")
    return user, signed_in(account)


def change(client: Client, *, old: str = OLD, new: str = NEW, again: str = NEW) -> int:
    return client.post("/account/password/", {"old": old, "new": new, "again": again}).status_code


@pytest.mark.parametrize("account", ROLES)
def test_everybody_changes_the_own_password_and_sessions_elsewhere_end(account: Account) -> None:
    user, here = with_password(account)
    elsewhere = signed_in(account)
    link = make_sign_in_link(user)
    assert "换密码" in here.get("/account/").content.decode()
    assert change(here) == 302
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert Client().post(link).status_code == 410
    assert User.objects.get(pk=user.pk).check_password(NEW)
    entry = AuditEntry.objects.filter(action="account.password_set").latest("id")
    assert (entry.actor, entry.subject) == (account.username, account.username)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"old": "wrong horse"}, "原密码不对"),
        ({"old": ""}, "原密码不对"),
        ({"again": "other horse staple"}, "不一样"),
        ({"new": "short", "again": "short"}, "新密码不能用"),
        ({"new": "", "again": ""}, "新密码不能用"),
    ],
)
def test_what_is_typed_wrong_changes_nothing(typed: dict[str, str], words: str) -> None:
    user, here = with_password(OPERATOR)
    answer = here.post("/account/password/", {"old": OLD, "new": NEW, "again": NEW} | typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert User.objects.get(pk=user.pk).check_password(OLD)


def test_who_finds_a_session_open_can_not_guess_the_old_password_for_ever() -> None:
    _, here = with_password(OPERATOR)
    statuses = [change(here, old=f"guess {number}") for number in range(11)]
    assert statuses[-1] == 429
    assert change(here) == 429


def test_an_account_without_a_password_sets_its_first() -> None:
    user = user_of(AUDITOR)
    user.set_unusable_password()
    user.save()
    here = signed_in(AUDITOR)
    assert "原密码" not in here.get("/account/").content.decode()
    assert change(here, old="") == 302
    assert User.objects.get(pk=user.pk).check_password(NEW)


@pytest.fixture
def admin() -> User:
    return user_of(ADMINISTRATOR)


@pytest.fixture
def proven(admin: User) -> Client:
    """The administrator's browser, with a device that was set up in it."""
    set_password(admin, OLD, actor="service")
    client = Client()
    client.post(make_sign_in_link(admin))
    set_up(client)
    return client


def printed(client: Client) -> list[str]:
    page = client.post("/account/recovery-codes/", {"proof": OLD}).content.decode()
    return CODE.findall(page)


def by_link(admin: User) -> Client:
    client = Client()
    client.post(make_sign_in_link(admin))
    return client


def test_ten_codes_are_shown_once_and_stored_as_hashes(proven: Client, admin: User) -> None:
    assert "备用码还剩 <strong>0</strong>" in proven.get("/account/").content.decode()
    codes = printed(proven)
    assert len(set(codes)) == CODES
    page = proven.get("/account/").content.decode()
    assert f"备用码还剩 <strong>{CODES}</strong>" in page
    stored = " ".join(RecoveryCode.objects.values_list("code_hash", flat=True))
    for code in codes:
        assert code not in page
        assert code.replace("-", "") not in stored.upper()
    entry = AuditEntry.objects.get(action="account.recovery_codes_made")
    assert (entry.actor, entry.subject) == (admin.username, admin.username)
    assert not any(code in str(entry.detail) for code in codes)
    assert check_access() is None


def test_a_code_counts_once_and_is_on_record(proven: Client, admin: User) -> None:
    code = printed(proven)[3]
    lost = by_link(admin)
    assert "备用码" in lost.get(HERE).content.decode()
    assert lost.post(HERE, {"token": f" {code.lower()} "}).status_code == 302
    assert opens(lost)
    entry = AuditEntry.objects.filter(action="account.signed_in").latest("id")
    assert entry.detail == {"by": "recovery code", "left": CODES - 1}
    again = by_link(admin)
    assert again.post(HERE, {"token": code}).status_code == 403
    assert not opens(again)
    assert check_access() is None, "a used code is no sign of a hand in the database"


def test_of_two_uses_at_the_same_code_one_counts(admin: User, proven: Client) -> None:
    code = make_codes(admin)[0]
    assert [use_code(admin, code) is not None for _ in range(2)] == [True, False]


def test_new_codes_end_the_old_ones(proven: Client, admin: User) -> None:
    old = printed(proven)[0]
    new = printed(proven)[0]
    lost = by_link(admin)
    assert lost.post(HERE, {"token": old}).status_code == 403
    assert lost.post(HERE, {"token": new}).status_code == 302


def test_nobody_gets_codes_before_the_second_factor(proven: Client, admin: User) -> None:
    for path in ("/account/recovery-codes/", "/account/second-factor/"):
        assert by_link(admin).post(path)["Location"].startswith(HERE)
        unproven = Client()
        unproven.force_login(user_of(OPERATOR))
        assert unproven.post(path)["Location"].startswith(HERE)
    assert not RecoveryCode.objects.exists()
    assert SecondFactor.objects.filter(user=admin, confirmed=True).exists()


@pytest.mark.parametrize("path", ["/account/recovery-codes/", "/account/second-factor/"])
def test_who_finds_a_session_open_can_not_take_the_account_over(proven: Client, admin: User, path: str) -> None:
    for typed in ("", "wrong horse staple", "000000", "AAAA-AAAA-AAAA-AAAA"):
        answer = proven.post(path, {"proof": typed})
        assert (answer.status_code, "密码或验证码不对" in answer.content.decode()) == (422, True)
    assert not RecoveryCode.objects.exists()
    assert SecondFactor.objects.filter(user=admin, confirmed=True).exists()


def test_a_token_or_a_recovery_code_does_where_there_is_no_password(admin: User) -> None:
    here = by_link(admin)
    key = set_up(here)
    shown = here.post("/account/recovery-codes/", {"proof": token_of(key)})
    assert shown.status_code == 422, "that token was used to set it up"
    SecondFactor.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    [code, *_] = CODE.findall(here.post("/account/recovery-codes/", {"proof": token_of(key, steps=1)}).content.decode())
    assert here.post("/account/second-factor/", {"proof": code})["Location"] == HERE


def test_another_s_code_opens_nothing(proven: Client, admin: User) -> None:
    other = user_of(OPERATOR)
    assert use_code(admin, make_codes(other)[0]) is None


def test_with_a_code_another_telephone_is_set_up(proven: Client, admin: User) -> None:
    code = printed(proven)[0]
    lost = by_link(admin)
    lost.post(HERE, {"token": code})
    assert lost.post("/account/second-factor/", {"proof": OLD})["Location"] == HERE
    assert not RecoveryCode.objects.exists(), "the paper that was with the telephone counts no more"
    assert not opens(lost)
    key = set_up(lost)
    assert by_link(admin).post(HERE, {"token": token_of(key, steps=1)}).status_code == 302
    assert not opens(proven), "the session of the telephone that is gone is not proven any more"
    assert check_access() is None


@pytest.mark.parametrize("hand", ["added", "moved", "kept"])
def test_a_code_that_somebody_put_into_the_database_is_found(proven: Client, admin: User, hand: str) -> None:
    printed(proven)
    if hand == "added":
        RecoveryCode.objects.create(user=admin, code_hash="0" * 64)
    elif hand == "moved":
        RecoveryCode.objects.filter(pk=RecoveryCode.objects.earliest("pk").pk).update(user=user_of(OPERATOR))
    else:
        proven.post("/account/second-factor/", {"proof": OLD})
        RecoveryCode.objects.create(user=admin, code_hash="0" * 64)
    problem = check_access()
    assert problem is not None
    assert "备用码" in str(problem)
