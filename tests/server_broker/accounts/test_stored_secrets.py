"""Whoever reads the database, or writes it, signs in by nothing that stands there."""

import base64
import re
from importlib import import_module

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts import second_factor
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import SecondFactor, User
from server_broker.accounts.sessions import SessionStore
from server_broker.manifest.access_check import check_access
from tests.cast import ADMINISTRATOR, GUARD, OPERATOR
from tests.server_broker.county import make_county, user_of

pytestmark = pytest.mark.django_db

FACTOR = "/sign-in/second-factor/"


@pytest.fixture
def admin() -> User:
    make_county()
    return user_of(ADMINISTRATOR)


def signs_in(user: User) -> Client:
    client = Client()
    client.post(make_sign_in_link(user))
    return client


def with_cookie(value: str) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = value
    return client


def who_is(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


def token(key: bytes) -> str:
    return f"{totp(key):06}"  # type: ignore[no-untyped-call]


def set_up(client: Client) -> bytes:
    [shown] = re.findall(r'<p class="secret mono">([A-Z2-7 ]+)</p>', client.get(FACTOR).content.decode())
    key = base64.b32decode(shown.replace(" ", ""))
    assert client.post(FACTOR, {"token": token(key)}).status_code == 302
    return key


def test_what_is_stored_of_a_session_is_no_cookie(admin: User) -> None:
    client = signs_in(admin)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert who_is(with_cookie(cookie)) == str(admin.pk)
    row = Session.objects.get()
    assert cookie not in (row.session_key, row.session_data)
    assert who_is(with_cookie(row.session_key)) is None


def test_a_session_s_content_counts_in_no_other_session_s_row(admin: User) -> None:
    client = signs_in(admin)
    content = Session.objects.get().session_data
    stranger = signs_in(user_of(OPERATOR))
    Session.objects.update(session_data=content)
    assert who_is(stranger) is None
    assert who_is(client) == str(admin.pk)


def test_sessions_end_and_renew_their_key_as_before(admin: User) -> None:
    client = signs_in(admin)
    before = client.cookies[settings.SESSION_COOKIE_NAME].value
    set_up(client)
    assert Session.objects.count() == 1
    assert who_is(with_cookie(before)) is None
    assert who_is(client) == str(admin.pk)
    client.post("/sign-out/")
    assert not Session.objects.exists()


def test_a_key_that_somebody_else_has_chosen_is_not_taken() -> None:
    store = SessionStore("chosen-by-somebody-else")
    store["any"] = "thing"
    store.save()
    assert store.session_key != "chosen-by-somebody-else"
    assert SessionStore(store.session_key)["any"] == "thing"


async def _kept_and_deleted() -> tuple[object, bool]:
    store = SessionStore()
    await store.aset("any", "thing")
    await store.asave()
    key = store.session_key
    assert key is not None
    assert not await Session.objects.filter(session_key=key).aexists()
    kept = await SessionStore(key).aget("any")
    await store.adelete()
    return kept, await store.aexists(key)


def test_the_same_holds_where_a_page_waits_for_others() -> None:
    assert async_to_sync(_kept_and_deleted)() == ("thing", False)


def test_the_secret_of_a_second_factor_stands_nowhere_in_its_row(admin: User) -> None:
    key = set_up(signs_in(admin))
    stored = TOTPDevice.objects.get().key
    assert key.hex() not in stored.lower()
    assert key not in base64.urlsafe_b64decode(stored.partition(":")[2])
    assert base64.b32encode(key).decode() not in stored


def test_a_secret_of_one_s_own_proves_nothing_beside_another_account(admin: User) -> None:
    guard = user_of(GUARD)
    own = set_up(signs_in(guard))
    set_up(signs_in(admin))
    sealed = TOTPDevice.objects.get(user=guard).key
    for planted in (sealed, own.hex()):
        TOTPDevice.objects.filter(user=admin).update(key=planted)
        thief = signs_in(admin)
        answer = thief.post(FACTOR, {"token": token(own)})
        assert answer.status_code == 503
        assert "打不开您的验证密钥" in answer.content.decode()
        assert thief.get("/").status_code == 302
    problem = check_access()
    assert problem is not None
    assert "密钥打不开" in problem.sentence()


def test_a_lost_key_is_not_replaced_before_everything_was_reset(admin: User) -> None:
    set_up(signs_in(admin))
    (settings.HOME.trust / "seal.key").unlink()
    assert signs_in(user_of(OPERATOR)).get(FACTOR).status_code == 503
    assert not (settings.HOME.trust / "seal.key").exists()
    assert second_factor.reset(admin, actor="cunhui-server")
    set_up(signs_in(admin))
    assert check_access() is None


def test_an_upgrade_seals_what_stood_there_and_ends_sessions(admin: User) -> None:
    client = signs_in(admin)
    key = bytes(range(20))
    device = TOTPDevice.objects.create(user=admin, key=key.hex(), digits=6)
    moved = import_module("server_broker.accounts.migrations.0004_nothing_to_sign_in_with")
    moved.seal_secrets(apps, None)
    moved.end_sessions(apps, None)
    assert who_is(client) is None
    assert SecondFactor.objects.get().bin_key == key
    assert len(TOTPDevice.objects.get().key) <= 80
    again = signs_in(admin)
    assert again.post(FACTOR, {"token": token(key)}).status_code == 302
    moved.open_secrets(apps, None)
    device.refresh_from_db()
    assert device.key == key.hex()
