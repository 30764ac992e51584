"""Pages that refresh themselves. htmx polls the page's own URL, by default every 5 s, and gets the page's live part.

The browser changes only what differs (idiomorph), so that focus, selection and scroll position stay. It sends the ETag
of the part that it has (RFC 9110, section 13.1.2), and an unchanged part is not sent again. So a live part may hold no
form token, because that differs in each response. It may also hold nothing that a person could be using, such as a list
to choose from. Both stand outside the live part.
"""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag


def is_poll(request: HttpRequest) -> bool:
    """Return whether the request comes from a page that refreshes its live part."""
    return request.headers.get("HX-Request") == "true"


def live_page(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """Respond with the whole page; to a poll with its live part, or with 304 if the browser has this part already.

    Args:
        page: Name of the template. The live part is the template with ``_`` before the name.
    """
    if not is_poll(request):
        return render(request, f"console/{page}.html", context)
    part = render(request, f"console/_{page}.html", context)
    part["ETag"] = quote_etag(hashlib.sha256(part.content).hexdigest())
    return get_conditional_response(request, etag=part["ETag"], response=part) or part
