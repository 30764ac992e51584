"""Signing in: one-time links, lock-out, what each role may open, and signing out."""

import datetime as dt
import logging

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.utils import timezone

from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.log_lines import WithoutTokens
from server_broker.accounts.models import Role, SignInLink, User
from server_broker.accounts.powers import POWERS, ROLES_WITH, Power
from server_broker.accounts.sign_in_limits import FROM_ALL_ADDRESSES, LONGEST_WAIT, wait_after
from server_broker.audit.models import AuditEntry
from tests.cast import ADMINISTRATOR, COUNTY, COUNTY_OFFICER, OPERATOR
from tests.server_broker.county import client_for, make_county, signed_in, user_of

pytestmark = pytest.mark.django_db

CREDENTIALS = {"username": OPERATOR.username, "password": "right horse staple"}


@pytest.fixture
def operator() -> User:
    make_county()
    return user_of(OPERATOR)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_link_signs_in_once(operator: User) -> None:
    path = make_sign_in_link(operator)
    first, second = Client(), Client()
    answer = first.post(path)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert is_signed_in(first)
    assert second.post(path).status_code == 410
    assert not is_signed_in(second)
    of_the_account = AuditEntry.objects.filter(action__startswith="account.").order_by("id")
    assert [entry.action for entry in of_the_account] == ["account.link_made", "account.signed_in"]


def test_a_new_link_ends_the_account_s_earlier_ones(operator: User) -> None:
    others = make_sign_in_link(user_of(COUNTY_OFFICER))
    earlier, newer = make_sign_in_link(operator), make_sign_in_link(operator)
    assert [Client().post(path).status_code for path in (earlier, newer, others)] == [410, 302, 302]


@pytest.mark.parametrize("method", ["get", "head", "options", "put"])
def test_looking_at_a_link_does_not_use_it(operator: User, method: str) -> None:
    path = make_sign_in_link(operator)
    for _ in range(3):
        client = Client()
        getattr(client, method)(path)
        assert not is_signed_in(client)
    client = Client()
    client.post(path)
    assert is_signed_in(client)


def test_only_the_token_s_hash_is_kept(operator: User) -> None:
    path = make_sign_in_link(operator)
    token = path.split("/")[-2]
    kept = SignInLink.objects.get()
    assert len(kept.token_hash) == 32
    assert token.encode() not in bytes(kept.token_hash)


def test_an_expired_link_is_nothing(operator: User) -> None:
    path = make_sign_in_link(operator)
    SignInLink.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    client = Client()
    assert client.get(path).status_code == 410
    assert client.post(path).status_code == 410
    assert not is_signed_in(client)


def test_a_closed_account_s_link_is_nothing(operator: User) -> None:
    path = make_sign_in_link(operator)
    User.objects.update(is_active=False)
    assert Client().post(path).status_code == 410


@pytest.mark.parametrize("days", [0, -1, 8])
def test_a_link_has_bounds(operator: User, days: int) -> None:
    with pytest.raises(ValueError, match="valid for up to"):
        make_sign_in_link(operator, valid_for=dt.timedelta(days=days))


def test_a_forged_post_from_another_site_is_refused(operator: User) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(make_sign_in_link(operator)).status_code == 403
    assert not is_signed_in(client)


def test_no_log_line_holds_a_link_s_token_and_a_refused_use_burns_nothing(
    operator: User, caplog: pytest.LogCaptureFixture
) -> None:
    path = make_sign_in_link(operator)
    token = path.split("/")[-2]
    forged = Client(enforce_csrf_checks=True)
    assert forged.post(path).status_code == 403
    assert forged.post(path, headers={"referer": f"https://evil.example{path}"}, secure=True).status_code == 403
    assert forged.put(path).status_code in (403, 405)
    client = Client()
    for status in (302, 410):
        assert client.post(path).status_code == status
    assert Client().get(f"{path}more").status_code == 404
    assert any("/sign-in/link/" in record.getMessage() for record in caplog.records)
    [handler] = [one for one in logging.getLogger().handlers if isinstance(one.formatter, WithoutTokens)]
    written = "\n".join(handler.format(record) for record in caplog.records)
    assert "/sign-in/link/…" in written
    assert token not in written


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender", "prefetch;anonymous-client-ip"])
def test_a_browser_that_prefetches_a_link_leaves_it_open(operator: User, purpose: str) -> None:
    path = make_sign_in_link(operator)
    client = Client()
    for _ in range(2):
        assert client.get(path, headers={"sec-purpose": purpose}).status_code == 200
        assert not is_signed_in(client)
    client.post(path)
    assert is_signed_in(client)


def test_ten_wrong_passwords_lock_the_account_for_that_address(operator: User) -> None:
    operator.set_password(CREDENTIALS["password"])
    operator.save()
    client = Client()
    answers = [client.post("/sign-in/", CREDENTIALS | {"password": f"wrong {n}"}).status_code for n in range(10)]
    assert answers == [200] * 9 + [429]
    assert client.post("/sign-in/", CREDENTIALS).status_code == 429
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    elsewhere.post("/sign-in/", CREDENTIALS)
    assert is_signed_in(elsewhere)


def tried(password: str, address: str) -> int:
    client = Client(REMOTE_ADDR=address)
    return client.post("/sign-in/", CREDENTIALS | {"password": password}).status_code


@pytest.fixture
def with_password(operator: User) -> User:
    operator.set_password(CREDENTIALS["password"])
    operator.save()
    return operator


def test_a_household_of_ipv6_is_one_address(with_password: User) -> None:
    assert [tried("wrong", f"2001:db8::{n:x}") for n in range(1, 11)] == [200] * 9 + [429]
    assert tried(CREDENTIALS["password"], "2001:db8::ffff") == 429
    assert tried(CREDENTIALS["password"], "2001:db8:0:1::1") == 302


def test_a_lock_is_short_and_grows(with_password: User) -> None:
    [tried("wrong", "192.0.2.7") for _ in range(10)]
    past = timezone.now() - dt.timedelta(minutes=2)
    AccessAttempt.objects.update(attempt_time=past)
    assert tried("wrong", "192.0.2.7") == 429, "tried, and wrong"
    AccessAttempt.objects.update(attempt_time=past)
    assert tried(CREDENTIALS["password"], "192.0.2.7") == 429
    AccessAttempt.objects.update(attempt_time=timezone.now() - dt.timedelta(minutes=4))
    assert tried(CREDENTIALS["password"], "192.0.2.7") == 302
    assert not AccessAttempt.objects.exists()
    assert wait_after(500, 10) == LONGEST_WAIT


@pytest.mark.parametrize("name", [OPERATOR.username, "nobody"])
def test_many_addresses_together_are_slowed_and_nobody_is_kept_out(with_password: User, name: str) -> None:
    office, password = "2001:db8:7::7", CREDENTIALS["password"]
    assert tried(password, office) == 302
    AccessAttempt.objects.create(username=name, ip_address="198.51.100.1", failures_since_start=FROM_ALL_ADDRESSES - 1)
    guess = Client(REMOTE_ADDR="198.51.100.2")
    answers = [guess.post("/sign-in/", {"username": name, "password": "wrong"}).status_code for _ in range(2)]
    assert answers == [429, 429], "the same for a name that is no account's"
    assert tried(password, "198.51.100.3") == (429 if name == with_password.username else 302)
    assert tried(password, "2001:db8:7::8") == 302, "the office's network is known"
    AccessAttempt.objects.update(attempt_time=timezone.now() - dt.timedelta(minutes=61))
    assert tried(password, "198.51.100.3") == 302


def test_what_a_proxy_passes_on_as_an_address_breaks_nothing(with_password: User) -> None:
    assert [tried("wrong", "junk0") for _ in range(10)] == [200] * 9 + [429]
    assert tried(CREDENTIALS["password"], "192.0.2.7") == 302


def test_signing_out_is_a_post(operator: User) -> None:
    client = Client()
    client.force_login(operator)
    assert client.get("/sign-out/")["Location"] == "/"
    assert is_signed_in(client)
    client.post("/sign-out/")
    assert not is_signed_in(client)


def test_cookies_are_for_https_alone(operator: User) -> None:
    client = Client()
    client.post(make_sign_in_link(operator))
    for name in (settings.SESSION_COOKIE_NAME,):
        assert client.cookies[name]["secure"]
        assert client.cookies[name]["httponly"]


def test_no_page_opens_without_signing_in() -> None:
    client = Client()
    for path in ("/", "/today/", "/people/", "/desk/", "/alarms/", "/audit/", "/stations/shili-01/", "/snapshots/1/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/sign-in/?next={path}")
        poll = client.get(path, headers={"HX-Request": "true"})
        assert (poll.status_code, poll["HX-Redirect"]) == (204, "/sign-in/")
    assert client.get("/admin/")["Location"].startswith("/admin/login/")


def test_next_never_leads_away(operator: User) -> None:
    operator.set_password(CREDENTIALS["password"])
    operator.save()
    answer = Client().post("/sign-in/?next=https://evil.example/", CREDENTIALS)
    assert answer["Location"] == "/"


def test_who_may_not_manage_is_told_so_and_led_nowhere() -> None:
    make_county()
    client = signed_in(COUNTY_OFFICER)
    for path in ("/admin/", "/admin/login/?next=/admin/", "/admin/people/person/", "/admin/nothing/"):
        answer = client.get(path, follow=True)
        assert (answer.status_code, "没有权限" in answer.content.decode()) == (403, True)


def test_the_three_administrators_never_meet() -> None:
    assert POWERS.keys() == set(Role)
    assert ROLES_WITH.keys() == set(Power)
    alone = {Power.MANAGE_ACCOUNTS, Power.READ_AUDIT}
    for powers in POWERS.values():
        assert len(powers & alone) < 2
        assert not {Power.MANAGE_ACCOUNTS, Power.REVOKE_STATION} <= powers
    assert POWERS[Role.AUDITOR] == {Power.READ_AUDIT}


def test_an_administrator_can_t_change_the_own_account() -> None:
    make_county()
    admin = user_of(ADMINISTRATOR)
    other = user_of(COUNTY_OFFICER)
    client = client_for(admin)
    assert client.post(f"/admin/accounts/user/{admin.pk}/change/", {"role": "operator"}).status_code == 403
    page = f"/admin/accounts/user/{other.pk}/change/"
    shown = client.get(page).context["adminform"].form["shown"].value()
    change = {"shown": shown, "role": "operator", "region": COUNTY, "is_active": "on"}
    assert client.post(page, change).status_code == 302
    other.refresh_from_db()
    assert other.role == Role.OPERATOR
    assert AuditEntry.objects.filter(action="account.changed", subject=COUNTY_OFFICER.username).exists()
    assert client.post(f"/admin/accounts/user/{other.pk}/delete/", {"post": "yes"}).status_code == 403
