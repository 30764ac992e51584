"""What each role may do. A view asks for a power, never for a role."""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from server_broker.accounts.models import Role, User

type View = Callable[..., HttpResponseBase]


class Power(StrEnum):
    """One thing that an account may do."""

    SEE_FLEET = "see_fleet"
    SEE_PEOPLE = "see_people"
    EDIT_PEOPLE = "edit_people"
    BIND_CARDS = "bind_cards"
    ACKNOWLEDGE_ALARMS = "acknowledge_alarms"
    REVIEW_HELD = "review_held"
    CLAIM_STATION = "claim_station"
    REVOKE_STATION = "revoke_station"
    COMMAND_STATION = "command_station"
    VIEW_LIVE = "view_live"
    SET_STATION = "set_station"
    READ_AUDIT = "read_audit"
    MANAGE_ACCOUNTS = "manage_accounts"


POWERS: dict[str, frozenset[Power]] = {
    Role.SYSTEM: frozenset(
        {
            Power.SEE_FLEET,
            Power.SEE_PEOPLE,
            Power.EDIT_PEOPLE,
            Power.BIND_CARDS,
            Power.ACKNOWLEDGE_ALARMS,
            Power.CLAIM_STATION,
            Power.MANAGE_ACCOUNTS,
        }
    ),
    Role.SECURITY: frozenset({Power.SEE_FLEET, Power.ACKNOWLEDGE_ALARMS, Power.REVOKE_STATION}),
    Role.AUDITOR: frozenset({Power.READ_AUDIT}),
    Role.OPERATOR: frozenset(
        {
            Power.SEE_FLEET,
            Power.SEE_PEOPLE,
            Power.EDIT_PEOPLE,
            Power.BIND_CARDS,
            Power.ACKNOWLEDGE_ALARMS,
            Power.REVIEW_HELD,
            Power.CLAIM_STATION,
            Power.REVOKE_STATION,
            Power.COMMAND_STATION,
            Power.VIEW_LIVE,
            Power.SET_STATION,
        }
    ),
    Role.OFFICER: frozenset(
        {
            Power.SEE_FLEET,
            Power.SEE_PEOPLE,
            Power.BIND_CARDS,
            Power.ACKNOWLEDGE_ALARMS,
            Power.REVIEW_HELD,
            Power.VIEW_LIVE,
        }
    ),
}
"""Duties are separated: an auditor has no other power, and the role that makes accounts can't revoke stations, can't
review unread facts and can't read the audit log."""

PROVEN = frozenset(
    {
        Power.CLAIM_STATION,
        Power.REVOKE_STATION,
        Power.COMMAND_STATION,
        Power.VIEW_LIVE,
        Power.SET_STATION,
        Power.MANAGE_ACCOUNTS,
    }
)
"""Powers that need the second factor: over accounts, over stations, and to look into people's rooms."""


def may(user: User | AnonymousUser, power: Power) -> bool:
    """Return whether ``user``'s role has ``power``. Django's superuser flag is ignored."""
    return isinstance(user, User) and user.is_active and power in POWERS.get(user.role, frozenset())


def is_verified(user: User | AnonymousUser) -> bool:
    """Return whether this session has shown a second factor (`django_otp.middleware.OTPMiddleware`)."""
    return getattr(user, "otp_device", None) is not None


def needs(power: Power) -> Callable[[View], View]:
    """Protect a view: without a sign-in it redirects to the sign-in page, and without ``power`` it responds with 403.

    If the power needs the second factor (`PROVEN`) and it was not shown, the view redirects there first. A page that
    polls gets ``HX-Redirect``, because htmx would put the target of a normal redirect into the page.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                if request.headers.get("HX-Request") == "true":
                    return HttpResponse(status=204, headers={"HX-Redirect": reverse("sign-in")})
                return redirect_to_login(request.get_full_path())
            if not may(request.user, power):
                raise PermissionDenied
            if power in PROVEN and not is_verified(request.user):
                return to_second_factor(request)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """Redirect to the second factor, and then back to the requested page, or to the page that sent the form."""
    here = reverse("second-factor")
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=204, headers={"HX-Redirect": here})
    # A form can't be sent again by a redirect. So the person returns to the page of the form, and sends it once more.
    back = request.get_full_path() if request.method in ("GET", "HEAD") else request.headers.get("Referer", "")
    if request.method not in ("GET", "HEAD"):
        messages.warning(request, "刚才那一步没有执行：它要先做第二步验证，验证后请再做一次。")
    return redirect(f"{here}?{urlencode({'next': back})}" if back else here)
