"""镇办联系人: the telephone that kiosks show to whoever needs help."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, needs
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import townships_of
from server_broker.feedback.contacts import MAX_NAME, ContactRefused, reason_against, set_contact
from server_broker.feedback.models import HelpContact
from server_broker.regions.models import Region


@require_safe
@needs(Power.SET_CONTACT)
def contacts(request: HttpRequest) -> HttpResponse:
    """List the townships of the viewer's scope with their telephones, and what of these could not be set today."""
    page = parameters.page_of(request, townships_of(request.user).order_by("code"), size=50)
    set_already = HelpContact.objects.in_bulk([region.pk for region in page])
    rows = [(region, set_already.get(region.pk)) for region in page]
    context = {
        "section": "feedback",
        "page": page,
        "rows": [(region, contact, _why_not(region, contact)) for region, contact in rows],
        "max_name": MAX_NAME,
    }
    return render(request, "console/contacts.html", context)


def _why_not(township: Region, contact: HelpContact | None) -> str:
    return reason_against(township, contact.name, contact.phone) if contact is not None and contact.phone else ""


@post_only("contacts")
@needs(Power.SET_CONTACT)
def contact_set(request: HttpRequest, code: str) -> HttpResponse:
    """Set a township's telephone, or take it away."""
    township = get_object_or_404(townships_of(request.user), pk=code)
    name = parameters.text(request.POST, "name", longest=MAX_NAME + 1)
    phone = parameters.text(request.POST, "phone", longest=21).replace(" ", "")
    try:
        set_contact(township, name, phone, actor=account_of(request))
    except ContactRefused as refused:
        messages.error(request, f"没有改：{refused}。")
    else:
        messages.success(request, f"{township.name}的大屏联网后就会显示。")
    return redirect("contacts")
