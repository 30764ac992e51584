"""No page opens to an administrator who has shown a password or a link alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from server_broker.accounts import second_factor
from server_broker.accounts.models import User

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
        here = reverse("second-factor")
        if request.path in (here, reverse("sign-out")):
            return self._get_response(request)
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": here})
        return redirect(here)


def is_verified(user: User) -> bool:
    """Return whether this session has shown a token (`django_otp.middleware.OTPMiddleware`)."""
    return getattr(user, "otp_device", None) is not None
