"""Show no page to an administrator who has signed in without the second factor."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve

from server_broker.accounts import second_factor
from server_broker.accounts.models import User
from server_broker.accounts.powers import is_verified, to_second_factor

type GetResponse = Callable[[HttpRequest], HttpResponse]

_OPEN = frozenset({"second-factor", "sign-out", "sign-in-link"})
"""Pages that open before the second factor. A one-time link is one of them, because it begins another sign-in."""


class RequireSecondFactor:
    """Redirect administrators to the second factor first. Must come after django-otp's own middleware."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond, or redirect to the second factor. A page that polls is redirected as a whole."""
        user = request.user
        if not isinstance(user, User) or not second_factor.is_due(user) or is_verified(user):
            return self._get_response(request)
        try:
            page = resolve(request.path_info).url_name
        except Resolver404:
            page = None
        return self._get_response(request) if page in _OPEN else to_second_factor(request)
