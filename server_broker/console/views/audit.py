"""审计: what was done, by whom, to what. For the auditor alone, and nothing here can be changed."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.audit.models import AuditEntry
from server_broker.console import parameters
from server_broker.console.audit_words import DETAILS, entries_showing

PAGE_SIZE = 50


@require_safe
@needs(Power.READ_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Show the log, newest first, or what of it says ``?q=``."""
    search = parameters.text(request.GET, "q")
    entries = AuditEntry.objects.order_by("-id")
    if search:
        entries = entries.annotate(details=DETAILS).filter(entries_showing(search))
    page = parameters.page_of(request, entries, size=PAGE_SIZE)
    return render(request, "console/audit.html", {"page": page, "search": search})
