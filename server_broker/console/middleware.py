"""What every answer of the web carries, and what no request may carry."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render

from server_broker.console.body_limit import REFUSED, UPLOADS

HSTS_S = 365 * 86_400
"""How long a browser remembers to come by TLS alone."""

type Answer = Callable[[HttpRequest], HttpResponse]

POLICY = (
    "default-src 'self'; base-uri 'none'; object-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "img-src 'self' data:"
)
ADMIN_POLICY = f"{POLICY}; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"
"""django-unfold's pages use Alpine.js, which evaluates attributes; nothing else may."""


class SecurityHeaders:
    """Add the content security policy (CSP Level 3), keep pages with personal data out of every cache, ask for TLS.

    HSTS (RFC 6797) names this host alone. A browser that has not been given the county's CA heeds it not, so nobody is
    locked out before.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the headers that the view has not set itself."""
        response = self._get_response(request)
        policy = ADMIN_POLICY if request.path.startswith("/admin/") else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", f"max-age={HSTS_S}")
        return response


class CompressPages(GZipMiddleware):
    """Compress pages; pictures and workbooks are as small as they get.

    A compressed answer tells by its length whether a guess that somebody had put into it stands in it a second time
    (BREACH). A page's secrets are its form tokens, which are masked anew each time; Django also adds a random length.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Compress the answer where it is a page and the browser takes it."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        return super().process_response(request, response) if is_page else response


class RefuseNulCharacters:
    """Refuse requests that carry NUL where it would reach a query: PostgreSQL's text can't hold it."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 400 instead of failing later."""
        asked = (request.path_info, request.META.get("QUERY_STRING", ""), *request.COOKIES.values())
        if any("\x00" in text or "%00" in text for text in asked):
            return render(request, "400.html", status=400)
        return self._get_response(request)


class TellRefusedBody:
    """Say on a page of the console's why a request's body was not taken (`server_broker.console.body_limit`).

    Stands last, where it is known who has signed in.
    """

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer 413 or 408 where the body was refused."""
        why = getattr(request, "scope", {}).get(REFUSED)
        if why is None:
            return self._get_response(request)
        context = {"why": why, "is_upload": request.path.startswith(UPLOADS)}
        return render(request, "console/body_refused.html", context, status=413 if why == "too_large" else 408)
