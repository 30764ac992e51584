"""Whom the people of a township's villages may telephone: their kiosks show it beside a call for help.

It is published like a notice, so the guard looks at it. An office's telephone is what a contact is for; somebody's own
needs two people, who let it pass for the township (`guard.permits`).
"""

import re

from django.db import transaction

from protocol.decisions import Decided
from protocol.plain_text import is_clean
from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.feedback.models import HelpContact
from server_broker.fleet.desired_changes import desired_changed_under
from server_broker.guard.county import county_for
from server_broker.guard.finding import County, Finding, find
from server_broker.guard.telling import told
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, subtree_prefix

MAX_NAME = 16
_PHONE = re.compile(r"[0-9][0-9-]{2,19}", re.ASCII)


class ContactRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tries."""


def set_contact(township: Region, name: str, phone: str, *, actor: User) -> None:
    """Have the stations of a township show this telephone; with neither name nor phone they show none.

    Raises:
        ContactRefused: A kiosk could not show it, or it says what must not be published.
    """
    if bool(name) != bool(phone):
        raise ContactRefused("姓名和电话要么都填，要么都空着")
    if len(name) > MAX_NAME:
        raise ContactRefused(f"姓名最多 {MAX_NAME} 个字")
    if phone and not _PHONE.fullmatch(phone):
        raise ContactRefused("电话只能是数字和“-”，3 至 20 位")
    if why := reason_against(township, name, phone):
        raise ContactRefused(why)
    with transaction.atomic():
        # The region's row is locked, because the contact's own may not be there yet.
        Region.objects.select_for_update().get(pk=township.pk)
        row = HelpContact.objects.filter(region=township).first() or HelpContact(region=township)
        if (row.name, row.phone) == (name, phone):
            return
        row.name, row.phone = name, phone
        row.save()
        entry = record(actor.get_username(), "contact.set", township.pk)
        decide(entry, Decided(action="contact.set", subject=township.pk), [row])
        desired_changed_under(township.pk)


def reason_against(township: Region, name: str, phone: str) -> str:
    """Return why a contact can't be shown now, in Chinese and without a full stop; empty if it can."""
    if not is_clean(name):
        return "姓名里有看不见的字符，请重新打一遍"
    county = county_for([subtree_prefix(township.code)])
    found = [*find(name, county, where="姓名"), *_in_phone(phone, county)]
    if not found:
        # A number may begin in the name and end in the telephone. A landline that is whole in the telephone is none.
        whole = {number.value for number in find(phone, county)}
        both = find(f"{name} {phone}", county, where="姓名和电话")
        found = [one for one in both if one.value not in whole]
    return told(found) if found else ""


def _in_phone(phone: str, county: County) -> list[Finding]:
    return [one for one in find(phone, county, where="电话") if one.what != "landline"]


def contact_of(village: str) -> HelpContact | None:
    """Return whom the people of a village may telephone, or None if the township has named nobody."""
    row = HelpContact.objects.filter(region=village[:TOWNSHIP_DIGITS].ljust(12, "0")).first()
    return row if row is not None and row.phone else None
