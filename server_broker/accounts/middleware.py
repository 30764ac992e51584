"""No page opens to an administrator who has shown a password or a link alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from server_broker.accounts import second_factor
from server_broker.accounts.models import User
from server_broker.accounts.powers import is_verified, to_second_factor

type Answer = Callable[[HttpRequest], HttpResponse]


_OPEN = frozenset({"second-factor", "sign-out", "sign-in-link"})
"""Pages of somebody on the way in. A new link is one of them: it begins the sign-in anew, also another account's."""


class RequireSecondFactor:
    """Send administrators to the second factor first. Stands after django-otp's own middleware."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or lead there; a page that polls is led as a whole."""
        user = request.user
        if not isinstance(user, User) or not second_factor.is_due(user) or is_verified(user):
            return self._get_response(request)
        if _page(request) in _OPEN:
            return self._get_response(request)
        return to_second_factor(request)


def _page(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None
