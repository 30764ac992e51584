"""``cunhui-server verify county`` finds a second factor or a sign-in link that somebody put into the database."""

import datetime as dt
import secrets

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts import second_factor
from server_broker.accounts.account_changes import make_account, say_password_set, set_password
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import Role, SecondFactor, SignInLink, User
from server_broker.audit.models import AuditEntry
from server_broker.manifest.county_check import check_county
from server_broker.people.cards import report_lost
from tests.cast import ADMINISTRATOR, OPERATOR, TOWNSHIP, WANG
from tests.server_broker.county import make_county, user_of
from tests.server_broker.manifest.tampering import psql

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    """An administrator with a second factor and two links, one of them used."""
    report_lost(make_county().cards[WANG], actor="officer")
    user = user_of(ADMINISTRATOR)
    device = second_factor.begin(user)
    assert second_factor.prove(user, device, f"{totp(device.bin_key):06}")  # type: ignore[no-untyped-call]
    make_sign_in_link(user)
    return user


ABOUT = ("otp_totp", "链接", "的密码")


def sentences() -> list[str]:
    said = [problem.sentence() for problem in check_county().problems]
    return [sentence for sentence in said if any(word in sentence for word in ABOUT)]


def test_what_was_set_up_and_made_is_good(user: User) -> None:
    assert sentences() == []
    second_factor.begin(user)  # not finished, so it opens nothing
    assert second_factor.reset(user, actor="cunhui-server")
    assert sentences() == []


def test_a_password_that_nobody_set_is_named(user: User) -> None:
    clerk = make_account("clerk", role=Role.OFFICER, region=TOWNSHIP)
    stored = make_password("nobody set this one")
    User.objects.filter(pk=clerk.pk).update(password=stored)
    assert [s for s in sentences() if "没有设置过它的记录" in s]
    set_password(clerk, "four plain words here", actor="cunhui-server")
    assert sentences() == []
    right = User.objects.get(pk=clerk.pk).password
    User.objects.filter(pk=clerk.pk).update(password=stored)
    assert [s for s in sentences() if "不是最后设置的那一个" in s]
    User.objects.filter(pk=clerk.pk).update(password=right)
    assert sentences() == []


def test_a_hash_that_its_owner_renews_is_good(user: User) -> None:
    clerk = make_account("clerk", role=Role.OFFICER, region=TOWNSHIP)
    clerk.password = make_password("four plain words here", hasher="pbkdf2_sha256")
    clerk.save()
    say_password_set(clerk, actor="cunhui-server")
    before = clerk.password
    assert not clerk.check_password("four other words here")
    assert clerk.check_password("four plain words here")
    assert User.objects.get(pk=clerk.pk).password != before
    assert AuditEntry.objects.filter(action="account.password_renewed", subject="clerk").count() == 1
    assert sentences() == []


def test_another_secret_is_named(user: User) -> None:
    TOTPDevice.objects.update(key=secrets.token_hex(20))
    assert [s for s in sentences() if "密钥打不开" in s]
    TOTPDevice.objects.update(key=SecondFactor.sealed(user, secrets.token_bytes(20)))
    assert [s for s in sentences() if "密钥不是设置时的那一个" in s]


def test_a_device_that_nobody_set_up_is_named(user: User) -> None:
    TOTPDevice.objects.create(user=user_of(OPERATOR), confirmed=True)
    assert [s for s in sentences() if "没有设置过它的记录" in s]


def test_a_device_that_comes_back_after_a_reset_is_named(user: User) -> None:
    key = TOTPDevice.objects.get().key
    second_factor.reset(user, actor="cunhui-server")
    TOTPDevice.objects.create(user=user, confirmed=True, key=key)
    assert [s for s in sentences() if "没有设置过它的记录" in s]


def test_a_link_that_nobody_made_is_named(user: User) -> None:
    SignInLink.objects.create(
        token_hash=secrets.token_bytes(32), user=user, expires_at=timezone.now() + dt.timedelta(hours=1)
    )
    assert [s for s in sentences() if "没有给出过它的记录" in s]


def test_a_link_that_was_changed_is_named(user: User) -> None:
    link = SignInLink.objects.get()
    SignInLink.objects.update(expires_at=link.expires_at + dt.timedelta(days=1))
    assert [s for s in sentences() if "有效期被延长了" in s]
    SignInLink.objects.update(expires_at=link.expires_at, user=user_of(OPERATOR))
    assert [s for s in sentences() if "不是给这个账号的" in s]


def test_a_used_link_that_is_made_unused_is_named(user: User, client: Client) -> None:
    path = make_sign_in_link(user)
    assert client.post(path).status_code == 302
    assert sentences() == []
    SignInLink.objects.update(used_at=None)
    assert [s for s in sentences() if "用过了，又变成没有用过" in s]


def test_what_an_earlier_release_recorded_is_taken_as_it_is(user: User) -> None:
    detail = "account.second_factor_set", "account.link_made"
    assert psql("UPDATE audit_auditentry SET detail = '{}' WHERE action IN (%s, %s)", detail) == 2
    clerk = make_account("clerk", role=Role.OFFICER, region=TOWNSHIP)
    set_password(clerk, "four plain words here", actor="cunhui-server")
    unnamed = "UPDATE audit_auditentry SET detail = detail - 'hash' WHERE action = %s"
    assert psql(unnamed, ("account.password_set",)) == 1
    assert AuditEntry.objects.filter(detail={}).count() >= 2
    assert sentences() == []
