"""Add security headers to responses, compress pages, and refuse requests that no view could handle."""

import logging
import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render

from server_broker.console.body_limit import REFUSED, UPLOADS
from server_broker.trust.record_key import RecordStopped

_log = logging.getLogger(__name__)

HSTS_S = 365 * 86_400
"""How long a browser remembers to use only TLS for this host."""

type GetResponse = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:"
)
ADMIN_POLICY = f"{POLICY}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"
"""The policy for pages under /admin/. django-unfold uses Alpine.js there, which evaluates attributes as code."""


class SecurityHeaders:
    """Adds a content security policy (CSP Level 3), forbids caches to keep pages, and asks browsers to use TLS.

    HSTS (RFC 6797) covers this host only. A browser ignores it until it trusts the county's CA, so nobody is locked out
    before the CA is installed.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond, and add the headers that the view has not set itself."""
        response = self._get_response(request)
        policy = ADMIN_POLICY if request.path.startswith("/admin/") else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_S}")
        return response


_UNSEEN = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"  # C0 but for tab and ends of lines, and DEL
    rb"|\xc2[\x80-\x9f]"  # C1
    rb"|\xd8\x9c|\xe2\x80[\x8b\x8e\x8f\xaa-\xae]|\xe2\x81[\xa0\xa6-\xa9]|\xef\xbb\xbf"
)
"""In UTF-8: control characters, those that turn the direction of writing (Unicode UAX 9), and those of no width."""
_SEEN = "\ufffd".encode()


class ShowUnseenCharacters:
    """Puts � in pages in place of characters that are not seen themselves, but change how what is beside them reads.

    People read here what stations and villagers wrote: a text could turn the words of the page around itself, or copy a
    command to a terminal. It is done for whole pages, because no template can then forget it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond with a page that shows them."""
        response = self._get_response(request)
        if not response.streaming and response.headers.get("Content-Type", "").startswith("text/html"):
            response.content = _UNSEEN.sub(_SEEN, response.content)
            if "Content-Length" in response.headers:
                response.headers["Content-Length"] = str(len(response.content))
        return response


class CompressPages(GZipMiddleware):
    """Compresses pages. Pictures and workbooks are compressed already.

    The length of a compressed response can reveal a secret: if an attacker puts a guess into the page, a right guess
    compresses better (BREACH). But the secrets in a page are its form tokens, which Django masks in a new way each
    time, and Django also adds a random number of bytes.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress the response if it is a page and the browser accepts that."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response


class RefuseNulCharacters:
    """Refuses requests with a NUL character in the path, the query string or a cookie.

    These texts reach database queries, and text in PostgreSQL can't contain NUL.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond with 400 to a request with NUL, so that no query fails with 500."""
        texts = (request.path_info, request.META.get("QUERY_STRING", ""), *request.COOKIES.values())
        if any("\x00" in text or "%00" in text for text in texts):
            return render(request, "400.html", status=400)
        return self._get_response(request)


class TellStoppedRecord:
    """Shows a page that says what to do if a decision can't be recorded, because the record key can't be used.

    The exception has left the view's transaction by then, so nothing of the decision is saved.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond as the view does."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page with 503 for a decision that could not be recorded; other exceptions are not its own."""
        if not isinstance(exception, RecordStopped):
            return None
        _log.error("a decision was refused, because the county's record key can't be used: see the doctor")
        return render(request, "console/record_stopped.html", status=503)


class TellRefusedBody:
    """Shows a page that says why a request's body was refused (`server_broker.console.body_limit`).

    It must be the last middleware, because the page shows the navigation of the person who has signed in.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond with 413 or 408 if the body was refused."""
        why = getattr(request, "scope", {}).get(REFUSED)
        if why is None:
            return self._get_response(request)
        context = {"why": why, "is_upload": request.path.startswith(UPLOADS)}
        return render(request, "console/body_refused.html", context, status=413 if why == "too_large" else 408)
