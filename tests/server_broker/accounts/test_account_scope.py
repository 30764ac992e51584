"""An administrator makes and changes accounts within the own scope alone, and the chained audit log has each change."""

import threading

import pytest
from django.db import connections
from django.test import Client

from server_broker.accounts.account_changes import make_account
from server_broker.accounts.models import Role, User
from server_broker.accounts.passwords import mark_of_password
from server_broker.audit.log import verify
from server_broker.audit.models import AuditEntry
from server_broker.regions.models import Region
from tests.cast import (
    ADMINISTRATOR,
    COUNTY,
    OTHER_TOWNSHIP,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_ADMINISTRATOR,
    YANGBAN_VILLAGE,
)
from tests.server_broker.accounts.account_forms import PASSWORD, PASSWORDS, USERS, change, entries, form_of, make
from tests.server_broker.county import client_for, make_county, signed_in


@pytest.fixture
def town(db: None) -> Client:
    """The browser of the system administrator of one township."""
    make_county()
    return signed_in(TOWNSHIP_ADMINISTRATOR)


@pytest.fixture
def county(db: None) -> Client:
    """The browser of the system administrator of the whole county."""
    make_county()
    return signed_in(ADMINISTRATOR)


@pytest.mark.parametrize(
    ("role", "region"),
    [
        ("operator", COUNTY),
        ("officer", OTHER_TOWNSHIP),
        ("officer", YANGBAN_VILLAGE),
        ("officer", ""),
        ("system", TOWNSHIP),
        ("security", TOWNSHIP),
        ("auditor", TOWNSHIP),
        ("king", TOWNSHIP),
    ],
)
def test_a_township_s_administrator_makes_no_account_beyond_the_own_scope(town: Client, role: str, region: str) -> None:
    assert make(town, "new", role, region) == 200
    assert not User.objects.filter(username="new").exists()


@pytest.mark.parametrize(("role", "region"), [("operator", TOWNSHIP), ("officer", SHILI_VILLAGE)])
def test_within_it_accounts_are_made_and_audited(town: Client, role: str, region: str) -> None:
    assert make(town, "new", role, region) == 302
    assert (User.objects.get(username="new").role, User.objects.get(username="new").region_id) == (role, region)
    made = entries("account.made")[-1]
    assert (made.actor, made.subject) == (TOWNSHIP_ADMINISTRATOR.username, "new")
    assert made.detail == {"role": role, "region": region, "password": False}


@pytest.mark.parametrize("role", ["security", "auditor"])
def test_who_makes_accounts_makes_neither_of_the_other_two_administrators(county: Client, role: str) -> None:
    """Whoever gave an account its password could use it, and would hold two of the three."""
    assert make(county, "new", role, COUNTY) == 200
    assert not User.objects.filter(username="new").exists()
    assert make(county, "new", "system", TOWNSHIP) == 302


@pytest.mark.parametrize(
    ("role", "region"),
    [
        (Role.AUDITOR, None),
        (Role.OFFICER, None),
        (Role.OPERATOR, COUNTY),
        (Role.OFFICER, OTHER_TOWNSHIP),
        (Role.OFFICER, YANGBAN_VILLAGE),
    ],
)
@pytest.mark.parametrize("page", ["change/", "password/", "history/", "delete/"])
def test_an_account_beyond_the_scope_has_no_page(town: Client, role: Role, region: str | None, page: str) -> None:
    account = make_account("target", role=role, region=region)
    path = f"{USERS}{account.pk}/{page}"
    before = AuditEntry.objects.count()
    for answer in (
        town.get(path),
        town.post(path, {"role": "officer", "region": TOWNSHIP, **PASSWORDS, "post": "yes"}),
    ):
        assert answer.status_code in (302, 403, 404)
        assert "target" not in answer.content.decode()
    account.refresh_from_db()
    assert (account.role, account.region_id, account.has_usable_password()) == (role, region, False)
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.SECURITY, Role.AUDITOR])
def test_administrators_of_the_own_scope_are_seen_and_not_changed(town: Client, role: Role) -> None:
    account = make_account("target", role=role, region=TOWNSHIP)
    assert town.get(f"{USERS}{account.pk}/change/").status_code == 200
    for page, values in (("change/", {"role": "officer", "region": TOWNSHIP}), ("password/", PASSWORDS)):
        assert town.post(f"{USERS}{account.pk}/{page}", values).status_code == 403
    account.refresh_from_db()
    assert (account.role, account.has_usable_password()) == (role, False)


def test_the_list_and_its_search_name_nobody_beyond_the_scope(town: Client) -> None:
    for name, role, region in (
        ("hidden-auditor", Role.AUDITOR, None),
        ("hidden-county", Role.OPERATOR, COUNTY),
        ("hidden-town", Role.OFFICER, OTHER_TOWNSHIP),
        ("shown-village", Role.OFFICER, SHILI_VILLAGE),
    ):
        make_account(name, role=role, region=region)
    for query in ("", "?q=hidden", "?role__exact=auditor", "?is_active__exact=1"):
        html = town.get(f"{USERS}{query}").content.decode().replace("?q=hidden", "").replace('value="hidden"', "")
        assert "hidden-" not in html
    assert "shown-village" in town.get(USERS).content.decode()


def test_choices_and_completion_offer_the_own_scope_alone(town: Client) -> None:
    form = town.get(f"{USERS}add/").context["adminform"].form
    offered = {value for value, _ in form.fields["role"].choices if value}
    assert offered == {"operator", "officer", "secretary", "supervision", "editor"}
    assert set(form.fields["region"].queryset) == set(Region.objects.all().under(TOWNSHIP))
    ask = {"app_label": "accounts", "model_name": "user", "field_name": "region", "term": "样板"}
    assert town.get("/admin/autocomplete/", ask).json()["results"] == []


@pytest.mark.parametrize(
    ("values", "stays"), [({"region": COUNTY}, True), ({"region": OTHER_TOWNSHIP}, True), ({"role": "system"}, True)]
)
def test_no_account_is_lifted_over_the_own_scope(town: Client, values: dict[str, str], stays: bool) -> None:
    account = make_account("target", role=Role.OFFICER, region=SHILI_VILLAGE)
    assert change(town, account, **values) == 200
    account.refresh_from_db()
    assert ((account.role, account.region_id) == (Role.OFFICER, SHILI_VILLAGE)) is stays


def test_each_change_is_audited_with_what_was_before(town: Client) -> None:
    account = make_account("target", role=Role.OFFICER, region=SHILI_VILLAGE)
    assert change(town, account, role="operator", region=TOWNSHIP) == 302
    [entry] = entries("account.changed")
    assert (entry.actor, entry.subject) == (TOWNSHIP_ADMINISTRATOR.username, "target")
    assert entry.detail == {
        "role": "operator",
        "role_was": "officer",
        "region": TOWNSHIP,
        "region_was": SHILI_VILLAGE,
    }
    assert town.post(f"{USERS}{account.pk}/password/", PASSWORDS).status_code == 302
    [entry] = entries("account.password_set")
    assert (entry.actor, entry.subject) == (TOWNSHIP_ADMINISTRATOR.username, "target")
    assert entry.detail == {"password": True, "hash": mark_of_password(User.objects.get(pk=account.pk).password)}
    values = form_of(town, account)
    del values["is_active"]
    assert town.post(f"{USERS}{account.pk}/change/", values).status_code == 302
    assert entries("account.changed")[-1].detail == {"active": False, "active_was": True}
    assert PASSWORD not in str(list(AuditEntry.objects.values_list("detail", flat=True)))
    assert verify().first_bad is None


def test_a_page_saved_without_a_change_is_no_entry(town: Client) -> None:
    account = make_account("target", role=Role.OFFICER, region=SHILI_VILLAGE)
    assert change(town, account) == 302
    assert entries("account.changed") == []


def test_a_name_is_never_changed_since_the_audit_log_tells_people_by_it(town: Client) -> None:
    account = make_account("target", role=Role.OFFICER, region=SHILI_VILLAGE)
    assert change(town, account, username="another") == 302
    account.refresh_from_db()
    assert account.username == "target"


def test_the_later_of_two_changes_to_one_page_is_refused(county: Client) -> None:
    account = make_account("target", role=Role.OPERATOR, region=COUNTY)
    shown_to_the_second = form_of(county, account)
    closed = form_of(county, account)
    del closed["is_active"]
    assert county.post(f"{USERS}{account.pk}/change/", closed).status_code == 302
    late = county.post(f"{USERS}{account.pk}/change/", shown_to_the_second | {"region": TOWNSHIP})
    assert late.status_code == 200
    assert "刚刚被别人改过" in late.content.decode()
    account.refresh_from_db()
    assert (account.is_active, account.region_id) == (False, COUNTY)


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_close_each_other_at_once_leave_one() -> None:
    """Each would end the other's right to it, so only the first is heard."""
    make_county()
    pair = [make_account(f"admin-{n}", role=Role.SYSTEM, region=COUNTY) for n in range(2)]
    clients = [client_for(account) for account in pair]
    forms = []
    for client, other in zip(clients, reversed(pair), strict=True):
        form = form_of(client, other)
        del form["is_active"]
        forms.append(form)
    answers: list[int] = []
    start = threading.Barrier(2)

    def close(number: int) -> None:
        start.wait()
        other = pair[1 - number]
        answers.append(clients[number].post(f"{USERS}{other.pk}/change/", forms[number]).status_code)
        connections.close_all()

    threads = [threading.Thread(target=close, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(302) >= 1
    assert User.objects.filter(is_active=True).count() == 1
    assert len(entries("account.changed")) == 1
