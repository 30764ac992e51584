"""No page opens to an administrator who has shown a password or a link alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from server_broker.accounts import second_factor
from server_broker.accounts.models import User
from server_broker.accounts.powers import is_verified, to_second_factor

type Answer = Callable[[HttpRequest], HttpResponse]


class RequireSecondFactor:
    """Send administrators to the second factor first. Stands after django-otp's own middleware."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or lead there; a page that polls is led as a whole."""
        user = request.user
        if not isinstance(user, User) or not second_factor.is_due(user) or is_verified(user):
            return self._get_response(request)
        if request.path in (reverse("second-factor"), reverse("sign-out")):
            return self._get_response(request)
        return to_second_factor(request)
