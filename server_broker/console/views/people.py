"""人员与卡: the list of people with their cards, the export to Excel, and reporting a card as lost."""

import datetime as dt

from django.contrib import messages
from django.db.models import Q, Value
from django.db.models.functions import Replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.attendance.models import DutyWindow
from server_broker.audit.log import record
from server_broker.console import parameters
from server_broker.console.downloads import xlsx
from server_broker.console.post_only import post_only
from server_broker.console.queries import cards_of, people_of, windows_of
from server_broker.duty.on_rosters import windows_of_each
from server_broker.people.cards import report_lost
from server_broker.people.models import Person
from server_broker.people.names import plain_name
from server_broker.rosters import roster_export

PAGE_SIZE = 50
AHEAD = dt.timedelta(days=366)
"""So far ahead it is looked in which windows people are."""


@require_safe
@needs(Power.SEE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """Show the people in the viewer's scope, or those whom ``?q=`` and ``?village=`` select."""
    search = parameters.text(request.GET, "q")
    villages = list(regions_of(request.user).filter(people__isnull=False).distinct())
    village = parameters.choice(request.GET, "village", ("", *(v.code for v in villages)))
    found = people_of(request.user).select_related("village").prefetch_related("cards")
    if search:
        # 张 三 is 张三, whichever of the two the county has and whichever somebody types.
        bare = Replace("name", Value(" "), Value(""))
        found = found.annotate(bare_name=bare).filter(
            Q(name__icontains=search) | Q(bare_name__icontains=plain_name(search)) | Q(number__icontains=search)
        )
    if village:
        found = found.filter(village=village)
    page = parameters.page_of(request, found.order_by("village_id", "number"), size=PAGE_SIZE)
    context = {
        "section": "people",
        "page": page,
        "rows": _with_windows(request, list(page.object_list)),
        "search": search,
        "villages": villages,
        "village": village,
        "may_edit": may(request.user, Power.EDIT_PEOPLE),
        "may_bind": may(request.user, Power.BIND_CARDS),
    }
    return render(request, "console/people.html", context)


def _with_windows(request: HttpRequest, people: list[Person]) -> list[tuple[Person, list[DutyWindow], bool]]:
    """Return each person with the windows in which they are from today on, and whether the viewer does not see some."""
    today = timezone.localdate()
    on = windows_of_each([person.pk for person in people if not person.left], today, today + AHEAD)
    ids = {window.id for windows in on.values() for window in windows}
    seen = windows_of(request.user).filter(pk__in=ids).select_related("village").in_bulk()
    rows = []
    for person in people:
        windows = [seen.get(window.id) for window in on.get(person.pk, ())]
        rows.append((person, [one for one in windows if one is not None], None in windows))
    return rows


@require_safe
@needs(Power.EDIT_PEOPLE)
def template_file(request: HttpRequest) -> HttpResponse:
    """Respond with an empty workbook to fill in."""
    return xlsx(roster_export.template(), "村慧导入模板.xlsx")


@require_safe
@needs(Power.EDIT_PEOPLE)
def export_file(request: HttpRequest) -> HttpResponse:
    """Respond with a workbook of everything in the viewer's scope. The export is recorded in the audit log."""
    own = scope(request.user)
    if own is None:
        return redirect("people")
    # Recorded first, so that no personal data leaves the county without an entry.
    record(actor=request.user.get_username(), action="people.exported", subject=own)
    day: dt.date = timezone.localdate()
    return xlsx(roster_export.export_people(own), f"村慧人员 {day:%Y-%m-%d}.xlsx")


@post_only("people")
@needs(Power.BIND_CARDS)
def card_lost(request: HttpRequest, pk: int) -> HttpResponse:
    """Explain what it means to report a card as lost, and do it once the person has confirmed.

    Touches stop counting, so one click in the list is not enough.
    """
    card = get_object_or_404(cards_of(request.user).select_related("person__village"), pk=pk)
    person = card.person
    if person is None:  # the binding ended since the page was made; scope lets no such card through
        raise Http404
    if card.lost_at is None and request.POST.get("confirmed") != "lost":
        others = person.cards.filter(lost_at=None).exclude(pk=card.pk).count()
        return render(request, "console/lost_confirm.html", {"section": "people", "card": card, "others": others})
    try:
        report_lost(card, actor=request.user.get_username())
    except OwnAffair as refusal:
        messages.error(request, f"没有挂失：{refusal}")
    else:
        messages.success(request, f"{person.name} 的卡已挂失，站点很快会拒绝它。")
    return redirect("people")
