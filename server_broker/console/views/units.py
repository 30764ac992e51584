"""单位: township offices, county departments, branches and committees, with the people who hold their posts today."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.console import parameters
from server_broker.console.deciding import KEPT, Proposal, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, units_of
from server_broker.dated.models import AsOf
from server_broker.people.identity import identity_number_in
from server_broker.people.models import HoldingRecord, HoldingState, UnitKind
from server_broker.people.posts import PostRefused, end_unit, make_unit

PAGE_SIZE = 50


@require_safe
@needs(Power.SEE_PEOPLE)
def units(request: HttpRequest) -> HttpResponse:
    """List the units of the viewer's scope. People outside the scope are not named."""
    found = units_of(request.user).filter(ended=False).select_related("region").order_by("region", "name")
    page = parameters.page_of(request, found, size=PAGE_SIZE)
    held = HoldingRecord.objects.as_of(AsOf(timezone.now())).exclude(state=HoldingState.ENDED)
    held = held.filter(subject__post__unit__in=[unit.pk for unit in page], subject__person__in=people_of(request.user))
    of_unit: dict[int, list[HoldingRecord]] = {}
    for row in held.select_related("subject__post", "subject__person").order_by("subject__post__title"):
        of_unit.setdefault(row.subject.post.unit_id, []).append(row)
    may_edit = may(request.user, Power.EDIT_PEOPLE)
    context = {
        "section": "people",
        "page": page,
        "rows": [(unit, of_unit.get(unit.pk, [])) for unit in page],
        "may_edit": may_edit,
        "kinds": UnitKind.choices,
        "regions": regions_of(request.user).filter(ended=False) if may_edit else (),
    }
    return render(request, "console/units.html", context)


@post_only("units")
@needs(Power.EDIT_PEOPLE)
def unit_add(request: HttpRequest) -> HttpResponse:
    """Make a unit in a region of the viewer's scope."""
    name = parameters.text(request.POST, "name", longest=64)
    region = regions_of(request.user).filter(pk=parameters.text(request.POST, "region")).first()
    kind = request.POST.get("kind", "")
    if not name or identity_number_in(name) or region is None or kind not in UnitKind.values:
        messages.error(request, "没有添加：请填名称，选性质和管辖范围内的区划。")
        return redirect("units")
    try:
        make_unit(name, UnitKind(kind), region, actor=request.user.get_username())
    except PostRefused as refusal:
        messages.error(request, f"没有添加：{refusal}。")
    else:
        messages.success(request, f"已添加单位“{name}”。")
    return redirect("units")


@post_only("units")
@needs(Power.EDIT_PEOPLE)
def unit_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a unit that nobody holds a post of."""
    unit = get_object_or_404(units_of(request.user).filter(ended=False), pk=pk)
    actor = request.user.get_username()
    proposal = Proposal(
        title=f"撤销单位“{unit.name}”",
        do=lambda reason: end_unit(unit, actor=actor, reason=reason),
        done=f"单位“{unit.name}”已撤销。",
        back=reverse("units"),
        section="people",
        undo=f"{KEPT}撤销以后不能恢复；还要用，就再添加一个单位。",
    )
    return decide_on(request, proposal)
