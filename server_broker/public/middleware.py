"""The headers of the front door's pages, and who is signed in on the telephone that asks."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from server_broker.public.known_phones import LIFETIME, with_mark
from server_broker.public.models import PhoneSession
from server_broker.public.sessions import session_of

COOKIE = "__Host-cunhui-phone"
"""With this prefix a browser takes the cookie only by TLS, for this host alone and for all its paths (RFC 6265bis)."""
KNOWN_COOKIE = "__Host-cunhui-phone-known"
HSTS_S = 365 * 86_400
_HEADERS = {
    # Scripts and styles come from files of this host, and nothing else is loaded or framed.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Strict-Transport-Security": f"max-age={HSTS_S}",
    "X-Robots-Tag": "noindex, nofollow",
}

type GetResponse = Callable[[HttpRequest], HttpResponse]


class PhoneHeaders:
    """Adds the front door's policy to every response, whatever the view says."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond, and add the headers."""
        response = self._get_response(request)
        for name, value in _HEADERS.items():
            response.headers[name] = value
        return response


def present_session(request: HttpRequest) -> PhoneSession | None:
    """Return the session of the telephone that asks, or None."""
    return session_of(request.COOKIES.get(COOKIE, ""), timezone.now())


def known_marks(request: HttpRequest) -> str:
    """Return what the telephone keeps of who has signed in on it (`known_phones`)."""
    return request.COOKIES.get(KNOWN_COOKIE, "")


def keep_session(request: HttpRequest, response: HttpResponse, token: str) -> None:
    """Give the telephone the session's secret, which it forgets when the browser is closed, and the person's mark."""
    response.set_cookie(COOKIE, token, secure=True, httponly=True, samesite="Lax", path="/")
    now = timezone.now()
    session = session_of(token, now)
    if session is not None:
        marks = with_mark(known_marks(request), session.person, now)
        age = int(LIFETIME.total_seconds())
        response.set_cookie(KNOWN_COOKIE, marks, max_age=age, secure=True, httponly=True, samesite="Strict", path="/")


def forget_session(response: HttpResponse) -> None:
    """Have the telephone forget the session's secret."""
    response.set_cookie(COOKIE, "", max_age=0, secure=True, httponly=True, samesite="Lax", path="/")


def page_names(request: HttpRequest) -> dict[str, object]:
    """Return what every page shows: the county's name, and a private authority that signed this host's certificate."""
    names = ("COUNTY_NAME", "PRIVATE_AUTHORITY")  # of `public_settings` alone
    return {name.lower(): getattr(settings, name) for name in names}
