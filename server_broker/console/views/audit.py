"""审计: who did what to which subject. Only the auditor sees it, and nothing can be changed here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.audit.models import AuditEntry
from server_broker.console import parameters
from server_broker.console.audit_names import names_in
from server_broker.console.audit_words import NOBODY_S, detail_words, entries_showing
from server_broker.console.first_hour import first_hour

PAGE_SIZE = 50


@require_safe
@needs(Power.READ_AUDIT)
def audit(request: HttpRequest) -> HttpResponse:
    """Show the audit log, newest first, or only the entries in which ``?q=`` occurs."""
    search = parameters.text(request.GET, "q")
    # By id, because the county's clock may have stepped between two entries. The ids follow the hash chain.
    entries = AuditEntry.objects.order_by("-id")
    if search:
        entries = entries.filter(entries_showing(search))
    page = parameters.page_of(request, entries, size=PAGE_SIZE)
    names = names_in(page)
    rows = [(entry, names.subject(entry), detail_words(entry, names)) for entry in page]
    context = {
        "page": page,
        "rows": rows,
        "search": search,
        "nobody_s": NOBODY_S,
        "first_hour": first_hour(request.user, now=timezone.now()),
    }
    return render(request, "console/audit.html", context)
