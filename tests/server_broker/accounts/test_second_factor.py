"""Administrators show a second factor before any page; each token counts once, and nobody else is asked."""

import base64
import re

import pytest
from django.test import Client
from django_otp.oath import totp

from server_broker import cli
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import Role, SecondFactor, User
from server_broker.accounts.second_factor import begin
from server_broker.audit.models import AuditEntry
from server_broker.commands.models import StationOrder
from server_broker.fleet.models import Station
from tests.cast import ADMINISTRATOR, AUDITOR, COUNTY, GUARD, OF_THE_COUNTY, OPERATOR, OTHER_OPERATOR, SHILI, STRAY
from tests.server_broker.county import client_for, make_county, user_of, verify

pytestmark = pytest.mark.django_db

HERE = "/sign-in/second-factor/"
STEP_S = 30


@pytest.fixture
def admin() -> User:
    make_county()
    return user_of(ADMINISTRATOR)


@pytest.fixture
def page(admin: User) -> Client:
    """The administrator's browser after the first factor."""
    client = Client()
    client.post(make_sign_in_link(admin))
    return client


def token_of(key: bytes, *, steps: int = 0) -> str:
    return f"{totp(key, t0=-steps * STEP_S):06}"  # type: ignore[no-untyped-call]


def secret_on(client: Client) -> bytes:
    html = client.get(HERE).content.decode()
    [text] = re.findall(r'<p class="secret mono">([A-Z2-7 ]+)</p>', html)
    return base64.b32decode(text.replace(" ", ""))


def opens(client: Client) -> bool:
    return client.get("/").status_code == 200


def set_up(client: Client) -> bytes:
    key = secret_on(client)
    client.post(HERE, {"token": token_of(key)})
    assert opens(client)
    return key


@pytest.mark.parametrize("path", ["/", "/today/", "/people/export.xlsx", "/admin/", "/admin/accounts/user/", "/audit/"])
def test_the_first_factor_alone_opens_no_page(page: Client, path: str) -> None:
    assert page.get(path)["Location"].split("?")[0] == HERE
    poll = page.get(path, headers={"HX-Request": "true"})
    assert (poll.status_code, poll["HX-Redirect"]) == (204, HERE)


def test_nothing_is_done_either(page: Client, admin: User) -> None:
    user_of(STRAY)
    assert page.post("/stations/shili-01/claim/")["Location"].split("?")[0] == HERE
    assert not AuditEntry.objects.filter(action="claim.made").exists()
    assert page.post("/sign-out/").status_code == 302
    assert "_auth_user_id" not in page.session


def test_the_first_sign_in_sets_the_device_up_and_later_ones_use_it(page: Client, admin: User) -> None:
    key = set_up(page)
    assert AuditEntry.objects.filter(action="account.second_factor_set", actor=ADMINISTRATOR.username).count() == 1
    later = Client()
    later.post(make_sign_in_link(admin))
    assert not opens(later)
    assert "密钥" not in later.get(HERE).content.decode()
    spaced = token_of(key, steps=1)
    later.post(HERE, {"token": f" {spaced[:3]} {spaced[3:]}"})
    assert opens(later)
    assert later.get(HERE)["Location"] == "/"


def test_looking_twice_shows_the_same_secret_and_another_session_another(page: Client, admin: User) -> None:
    """A browser's prefetch or a reload must not take away what was just typed into the telephone."""
    key = secret_on(page)
    assert secret_on(page) == key
    other = Client()
    other.post(make_sign_in_link(admin))
    late_key = secret_on(other)
    assert late_key != key
    assert page.post(HERE, {"token": token_of(key)}).status_code == 302
    assert opens(page)
    assert other.post(HERE, {"token": token_of(late_key)}).status_code == 403
    assert not opens(other)


def test_a_token_counts_once(page: Client, admin: User) -> None:
    key = secret_on(page)
    token = token_of(key)
    page.post(HERE, {"token": token})
    thief = Client()
    thief.post(make_sign_in_link(admin))
    assert thief.post(HERE, {"token": token}).status_code == 403
    assert not opens(thief)


@pytest.mark.parametrize("token", ["", "000000", "1" * 5000, "１２３４５６", "abcdef", "-12345", "\x00", "0x1f"])
def test_a_wrong_token_opens_nothing(page: Client, token: str) -> None:
    key = secret_on(page)
    if token == token_of(key):
        token = "999999"
    answer = page.post(HERE, {"token": token})
    assert answer.status_code == 403
    assert "验证码不对" in answer.content.decode()
    assert not opens(page)
    assert not SecondFactor.objects.get().confirmed


def test_a_guesser_has_to_wait(page: Client) -> None:
    key = secret_on(page)
    for _ in range(3):
        page.post(HERE, {"token": "000000"})
    answer = page.post(HERE, {"token": token_of(key)})
    assert answer.status_code == 403
    assert "秒以内输对的也不认" in answer.content.decode()
    assert SecondFactor.objects.get().throttling_failure_count >= 1


def test_a_token_from_long_ago_opens_nothing(page: Client) -> None:
    key = secret_on(page)
    assert page.post(HERE, {"token": token_of(key, steps=-10)}).status_code == 403


def test_another_account_s_device_proves_nothing(page: Client, admin: User) -> None:
    set_up(page)
    other = user_of(GUARD)
    client = Client()
    client.force_login(other)
    session = client.session
    session["otp_device_id"] = SecondFactor.objects.get(user=admin).persistent_id
    session.save()
    assert not opens(client)
    verify(client, other)
    assert opens(client), "the own device opens it"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.OFFICER])
def test_other_roles_are_not_asked_at_the_door(admin: User, role: Role) -> None:
    client = Client()
    client.post(make_sign_in_link(user_of(OF_THE_COUNTY[role])))
    for path in ("/", "/today/", "/people/", "/desk/", "/alarms/", "/held/", "/stations/shili-01/"):
        assert client.get(path).status_code == 200
    assert Client().get(HERE)["Location"].startswith("/sign-in/?next=")


DEEDS = {
    "/stations/shili-01/claim/": {},
    "/stations/shili-01/revoke/": {"reason": "理由充分", "confirm": SHILI},
    "/stations/shili-01/order/": {"order": "identify", "why": "理由充分"},
    "/stations/shili-01/live/": {"seconds": "60", "pace": "6", "megabytes": "1", "why": "理由充分"},
    "/stations/shili-01/settings/": {"name": "touch_snapshot", "value": ""},
    f"/settings/{COUNTY}/": {"name": "touch_snapshot", "value": ""},
}


@pytest.mark.parametrize("path", DEEDS)
def test_a_deed_upon_a_station_waits_for_the_second_factor(admin: User, path: str) -> None:
    operator = user_of(OPERATOR)
    client = Client()
    client.post(make_sign_in_link(operator))
    before = AuditEntry.objects.count()
    station = "https://testserver/stations/shili-01/"
    answer = client.post(path, DEEDS[path], headers={"referer": station}, secure=True)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, HERE)
    assert AuditEntry.objects.count() == before
    assert not StationOrder.objects.exists()
    assert Station.objects.get(pk=SHILI).revoked_at is None
    key = secret_on(client)
    proved = client.post(answer["Location"], {"token": token_of(key)}, secure=True)
    assert proved["Location"] == station
    assert "刚才那一步没有执行" in client.get("/stations/shili-01/").content.decode()
    heard = client.post(path, {}, headers={"referer": station}, secure=True)
    assert not heard.headers.get("Location", "").startswith(HERE)


@pytest.mark.parametrize("path", ["/stations/shili-01/live/", "/stations/shili-01/settings/", "/logs/1.txt"])
def test_so_does_looking_into_a_room_or_a_log(admin: User, path: str) -> None:
    client = Client()
    client.post(make_sign_in_link(user_of(OPERATOR)))
    answer = client.get(path)
    assert answer["Location"].startswith(f"{HERE}?next=")
    proved = client.post(answer["Location"], {"token": token_of(secret_on(client))})
    assert proved["Location"] == path


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_second_factor_never_leads_away(admin: User, elsewhere: str) -> None:
    client = Client()
    client.post(make_sign_in_link(user_of(OPERATOR)))
    key = secret_on(client)
    assert client.post(f"{HERE}?next={elsewhere}", {"token": token_of(key)})["Location"] == "/"


def test_whom_it_opens_nothing_is_not_asked_to_set_one_up(admin: User) -> None:
    client = Client()
    client.post(make_sign_in_link(user_of(AUDITOR)))
    assert client.get(HERE)["Location"] == "/"


def test_whoever_becomes_an_administrator_is_asked_at_once(admin: User) -> None:
    other = user_of(OTHER_OPERATOR)
    client = Client()
    client.force_login(other)
    assert opens(client)
    User.objects.filter(pk=other.pk).update(role=Role.SECURITY)
    assert not opens(client)


def test_a_lost_telephone_is_answered_at_the_county_s_machine(
    page: Client, admin: User, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up(page)
    assert cli.main(["reset-second-factor", ADMINISTRATOR.username]) == 0
    assert not opens(page)
    assert secret_on(page)
    assert AuditEntry.objects.filter(action="account.second_factor_reset", subject=ADMINISTRATOR.username).exists()
    assert cli.main(["reset-second-factor", "nobody"]) == 1
    assert "没有账号" in capsys.readouterr().err


def test_a_new_link_half_way_through_signing_in_leads_home(page: Client, admin: User) -> None:
    link = make_sign_in_link(admin)
    shown = page.get(link)
    assert (shown.status_code, "一次性登录" in shown.content.decode()) == (200, True)
    asked = page.get(page.post(link)["Location"])["Location"]
    assert asked.split("?")[0] == HERE
    proved = page.post(asked, {"token": token_of(secret_on(page))}, follow=True)
    assert proved.redirect_chain[-1][0] == "/"
    assert "一次性登录" not in proved.content.decode()


def test_half_way_through_another_account_s_link_signs_that_account_in(page: Client, admin: User) -> None:
    other = user_of(OTHER_OPERATOR)
    page.post(make_sign_in_link(other))
    assert page.session["_auth_user_id"] == str(other.pk)
    assert not Client().get(make_sign_in_link(admin)).has_header("Location")


def test_secrets_are_on_no_table(admin: User) -> None:
    User.objects.update(is_superuser=True)
    begin(admin)
    client = client_for(admin)
    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
