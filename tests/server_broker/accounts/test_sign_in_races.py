"""What counts once counts once, also when several come at the same moment: links, second factors, claim codes."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp

from server_broker.accounts import second_factor
from server_broker.accounts.cleaning import drop_abandoned_set_ups
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import SecondFactor, SignInLink, User
from server_broker.accounts.views import BEGUN
from server_broker.audit.models import AuditEntry
from tests.cast import GUARD
from tests.server_broker.county import make_county, user_of
from tests.server_broker.races import AT_ONCE, at_once

pytestmark = pytest.mark.django_db(transaction=True)

FACTOR = "/sign-in/second-factor/"


@pytest.fixture
def admin() -> User:
    make_county()
    return user_of(GUARD)


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_of_many_who_use_one_link_at_once_one_gets_in(admin: User) -> None:
    path = make_sign_in_link(admin)
    clients = [Client() for _ in range(AT_ONCE)]
    answers = at_once(
        lambda number: clients[number].post(path).status_code,
        held_by=lambda: SignInLink.objects.select_for_update().get(),
    )
    assert sorted(answers) == [302] + [410] * (AT_ONCE - 1)
    assert [signed_in(client) for client in clients].count(True) == 1
    assert AuditEntry.objects.filter(action="account.signed_in").count() == 1


def test_of_many_who_show_one_token_at_once_one_is_believed(admin: User) -> None:
    device = second_factor.begin(admin)
    SecondFactor.objects.update(confirmed=True)
    token = _token(device)
    clients = [Client() for _ in range(AT_ONCE)]
    for client in clients:
        client.force_login(admin)
    answers = at_once(
        lambda number: clients[number].post(FACTOR, {"token": token}).status_code,
        held_by=lambda: SecondFactor.objects.select_for_update().get(),
    )
    assert sorted(answers) == [302] + [403] * (AT_ONCE - 1)


def test_of_two_who_set_a_telephone_up_at_once_one_has_the_account(admin: User) -> None:
    """Both passed the first factor. The second telephone would stay with whoever holds it, unknown to the other."""
    first, second = second_factor.begin(admin), second_factor.begin(admin)
    clients, devices = [Client(), Client()], [first, second]
    for client, device in zip(clients, devices, strict=True):
        client.force_login(admin)
        session = client.session
        session[BEGUN] = device.pk
        session.save()
    answers = at_once(
        lambda number: clients[number].post(FACTOR, {"token": _token(devices[number])}).status_code,
        held_by=lambda: User.objects.select_for_update().get(),
        count=2,
    )
    assert sorted(answers) == [302, 403]
    assert SecondFactor.objects.filter(confirmed=True).count() == 1
    assert not SecondFactor.objects.filter(confirmed=False).exists()


def test_of_many_who_begin_to_set_a_telephone_up_at_once_each_can_end_it_and_one_does(admin: User) -> None:
    """Whoever begins takes nothing from who has begun, or all would keep one another from it."""
    clients = [Client() for _ in range(4)]
    for client in clients:
        client.force_login(admin)
    shown = at_once(
        lambda number: clients[number].get(FACTOR).status_code,
        held_by=lambda: User.objects.select_for_update().get(),
        count=4,
    )
    assert shown == [200] * 4
    devices = [SecondFactor.objects.get(pk=client.session[BEGUN]) for client in clients]
    answers = at_once(
        lambda number: clients[number].post(FACTOR, {"token": _token(devices[number])}).status_code,
        held_by=lambda: User.objects.select_for_update().get(),
        count=4,
    )
    assert sorted(answers) == [302] + [403] * 3
    assert [device.confirmed for device in SecondFactor.objects.all()] == [True]


def test_the_first_to_begin_can_end_it_after_others_have_begun(admin: User) -> None:
    clients = [Client() for _ in range(3)]
    for client in clients:
        client.force_login(admin)
        assert client.get(FACTOR).status_code == 200
    first = SecondFactor.objects.get(pk=clients[0].session[BEGUN])
    assert clients[0].post(FACTOR, {"token": _token(first)}).status_code == 302
    assert list(SecondFactor.objects.all()) == [first]


def test_set_ups_that_nobody_ends_are_few_and_go_with_their_sessions(admin: User) -> None:
    devices = [second_factor.begin(admin) for _ in range(second_factor.MOST_BEGUN + 3)]
    assert list(SecondFactor.objects.order_by("pk")) == devices[3:]
    ended = SecondFactor.objects.create(user=admin)
    now = timezone.now()
    assert drop_abandoned_set_ups(now) == 0
    assert drop_abandoned_set_ups(now + dt.timedelta(hours=13)) == second_factor.MOST_BEGUN
    assert list(SecondFactor.objects.all()) == [ended]


def _token(device: SecondFactor) -> str:
    return f"{totp(device.bin_key):06}"  # type: ignore[no-untyped-call]


def test_a_second_telephone_is_not_set_up_beside_the_first(admin: User) -> None:
    """Whoever began while the account had none must not end it once the account has one."""
    late, first = second_factor.begin(admin), second_factor.begin(admin)
    SecondFactor.objects.filter(pk=first.pk).update(confirmed=True)
    assert not second_factor.prove(admin, late, _token(late))
    assert list(SecondFactor.objects.filter(confirmed=True)) == [first]


def test_a_link_used_while_its_account_is_closed_signs_nobody_in(admin: User) -> None:
    path = make_sign_in_link(admin, valid_for=dt.timedelta(hours=1))
    client = Client()

    def close() -> None:
        SignInLink.objects.select_for_update().get()
        User.objects.update(is_active=False)

    at_once(lambda _: client.post(path).status_code, held_by=close, count=1)
    assert client.get("/").status_code == 302
