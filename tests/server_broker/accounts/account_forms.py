"""Accounts made and changed by an administrator in the browser, and what the audit log has of it."""

from django.test import Client

from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry

USERS = "/admin/accounts/user/"
PASSWORD = "right horse staple"
PASSWORDS = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}


def make(client: Client, name: str, role: str, region: str) -> int:
    return client.post(f"{USERS}add/", {"username": name, "role": role, "region": region}).status_code


def form_of(client: Client, account: User) -> dict[str, str]:
    """The fields of an account's page as a browser would send them back."""
    form = client.get(f"{USERS}{account.pk}/change/").context["adminform"].form
    fields = {name: form[name].value() for name in form.fields if name != "password"}
    return {name: "on" if value is True else str(value) for name, value in fields.items() if value not in (None, False)}


def change(client: Client, account: User, **values: str) -> int:
    return client.post(f"{USERS}{account.pk}/change/", form_of(client, account) | values).status_code


def entries(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("id"))
