"""记录链: how far the county's own record has got, its last manifest, and the outcome of the last check."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.decisions.models import CountyStream
from server_broker.manifest.models import DailyManifest, RecordCheck
from server_broker.trust.record_key import fingerprint


@require_safe
@needs(Power.READ_AUDIT)
def county_record(request: HttpRequest) -> HttpResponse:
    """Show where the county's stream stands. It has no names: every auditor sees the same page."""
    stream = CountyStream.objects.order_by("-id").first()
    context = {
        "stream": stream,
        "fingerprint": fingerprint(bytes(stream.record_key)) if stream is not None else "",
        "manifest": DailyManifest.objects.order_by("-number").first(),
        "check": RecordCheck.objects.first(),
    }
    return render(request, "console/county_record.html", context)
