"""An account's pages have one address each, so that what is looked at, locked, changed and audited is one row."""

import threading
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from server_broker.accounts.account_changes import make_account
from server_broker.accounts.links import link_is_open, make_sign_in_link
from server_broker.accounts.models import Role, User
from server_broker.audit.models import AuditEntry
from tests.cast import ADMINISTRATOR, COUNTY
from tests.server_broker.accounts.account_forms import PASSWORDS, USERS, entries, form_of
from tests.server_broker.county import client_for, make_county, signed_in

PAGES = ("change/", "password/", "history/", "delete/", "")
SPELLINGS = ("_2B{}", "%20{}", "{}%0A", "+{}", "0{}", "_EF_BC_90{}")
LONG = "9" * 4301
"""More digits than Python turns into a number (`sys.set_int_max_str_digits`)."""


@pytest.fixture
def county(db: None) -> Client:
    """The browser of the system administrator of the whole county."""
    make_county()
    return signed_in(ADMINISTRATOR)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_an_account_has_no_second_address(county: Client, spelling: str, page: str) -> None:
    account = make_account("target", role=Role.OPERATOR, region=COUNTY)
    link = make_sign_in_link(account).rstrip("/").rsplit("/", 1)[1]
    before = AuditEntry.objects.count()
    path = f"{USERS}{spelling.format(account.pk)}/{page}"
    assert [county.get(path).status_code, county.post(path, PASSWORDS).status_code] == [404, 404]
    account.refresh_from_db()
    assert not account.has_usable_password()
    assert link_is_open(link)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("number", [LONG, "9" * 19, "0"], ids=["longest", "long", "none"])
def test_a_number_that_no_account_can_have_is_not_found(county: Client, number: str, page: str) -> None:
    path = f"{USERS}{number}/{page}"
    assert [county.get(path).status_code, county.post(path, PASSWORDS).status_code] == [404, 404]


def test_a_new_password_is_audited_and_ends_the_links(county: Client) -> None:
    account = make_account("target", role=Role.OPERATOR, region=COUNTY)
    link = make_sign_in_link(account).rstrip("/").rsplit("/", 1)[1]
    assert county.post(f"{USERS}{account.pk}/password/", PASSWORDS).status_code == 302
    assert [entry.subject for entry in entries("account.password_set")] == ["target"]
    assert not link_is_open(link)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("spelling", ["{}", "_2B{}", "%20{}"])
def test_two_administrators_who_close_each_other_at_once_leave_one_however_they_spell_it(spelling: str) -> None:
    make_county()
    pair = [make_account(f"admin-{n}", role=Role.SYSTEM, region=COUNTY) for n in range(2)]
    clients = [client_for(account) for account in pair]
    forms: list[dict[str, Any]] = [form_of(clients[n], pair[1 - n]) for n in range(2)]
    start = threading.Barrier(2)

    def close(number: int) -> None:
        fields = {name: value for name, value in forms[number].items() if name != "is_active"}
        start.wait()
        path = f"{USERS}{spelling.format(pair[1 - number].pk)}/change/"
        answers[number] = clients[number].post(path, fields).status_code
        connections.close_all()

    answers = [0, 0]
    threads = [threading.Thread(target=close, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    closed = 2 - User.objects.filter(is_active=True).count()
    assert closed == (1 if spelling == "{}" else 0)
    assert len(entries("account.changed")) == closed
