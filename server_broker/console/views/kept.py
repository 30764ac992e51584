"""保存期限: what the county keeps about people, what for and how long, and what was erased; for the auditor alone."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.console import parameters
from server_broker.media.models import LegalHold
from server_broker.retention.keepings import KEEPINGS, keeping
from server_broker.retention.models import Erasure

PAGE_SIZE = 50
LAST_HOLDS = 200


@require_safe
@needs(Power.READ_AUDIT)
def kept(request: HttpRequest) -> HttpResponse:
    """Show the table, what is held back from deletion, and the erasures, newest first."""
    erasures = Erasure.objects.select_related("stream").order_by("-id")
    page = parameters.page_of(request, erasures, size=PAGE_SIZE)
    context = {
        "keepings": KEEPINGS,
        "holds": LegalHold.objects.filter(lifted_at=None).select_related("blob").order_by("-set_at")[:LAST_HOLDS],
        "page": page,
        "erasures": [(erasure, row.what if (row := keeping(erasure.holding)) else erasure.holding) for erasure in page],
    }
    return render(request, "console/kept.html", context)
