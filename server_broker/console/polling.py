"""Pages that refresh themselves: htmx asks the page's own address every 5 s and gets its live part.

The browser morphs what it shows into what comes, so that focus, selection and scroll stay, and says which part it has
(RFC 9110, 13.1.2): the same one is not sent again. A live part holds no form token, which would make it another each
time, and nothing that a person may be in the middle of, such as a list to choose from: those stand around it.
"""

import hashlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag


def is_poll(request: HttpRequest) -> bool:
    """Return whether a page asks for its own live part."""
    return request.headers.get("HX-Request") == "true"


def live_page(request: HttpRequest, page: str, context: dict[str, Any]) -> HttpResponse:
    """Answer with the whole of ``page``; to a poll with the part that lives, or 304 where the browser has that."""
    if not is_poll(request):
        return render(request, f"console/{page}.html", context)
    part = render(request, f"console/_{page}.html", context)
    part["ETag"] = quote_etag(hashlib.sha256(part.content).hexdigest())
    return get_conditional_response(request, etag=part["ETag"], response=part) or part
