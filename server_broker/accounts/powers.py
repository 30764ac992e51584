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
from server_broker.regions.models import TOWNSHIP_DIGITS, subtree_prefix

type View = Callable[..., HttpResponseBase]


class Power(StrEnum):
    """One thing that an account may do. The value begins with the room whose pages ask for it."""

    SEE_FLEET = "fleet.see"
    ACKNOWLEDGE_ALARMS = "fleet.acknowledge_alarms"
    EDIT_ON_CALL = "incidents.edit_on_call"
    SET_CHANNELS = "incidents.set_channels"
    CLAIM_STATION = "enrolment.claim_station"
    REVOKE_STATION = "enrolment.revoke_station"
    COMMAND_STATION = "commands.command_station"
    VIEW_LIVE = "live.view"
    SET_STATION = "twin.set_station"
    REVIEW_HELD = "ingest.review_held"
    SEE_PEOPLE = "people.see"
    EDIT_PEOPLE = "people.edit"
    BIND_CARDS = "people.bind_cards"
    REVEAL_NUMBERS = "people.reveal_numbers"
    SEE_PICTURES = "media.see_pictures"
    SEE_CONTENT = "bundles.see"
    WRITE = "bundles.write"
    PUBLISH = "bundles.publish"
    SEE_BRANCH_LEARNING = "progress.see_branch"
    KEEP_WORDS = "guard.keep_words"
    SEE_SWITCHES = "compliance.see"
    TURN_SWITCHES = "compliance.turn"
    HOLD_FILES = "media.hold_files"
    SEE_FEEDBACK = "feedback.see"
    ANSWER_FEEDBACK = "feedback.answer"
    SET_FEEDBACK_ASIDE = "feedback.set_aside"
    SET_CONTACT = "feedback.set_contact"
    SEE_REQUESTS = "requests.see"
    ANSWER_REQUESTS = "requests.answer"
    APPROVE_REQUESTS = "requests.approve"
    DECIDE_SURPLUS = "requests.decide_surplus"
    ENTER_REQUESTS = "requests.enter"
    SEE_MEETINGS = "meetings.see"
    HOLD_MEETINGS = "meetings.hold"
    SET_MEETINGS = "meetings.set_kinds"
    SEE_WORKDAYS = "workdays.see"
    SET_CALENDAR = "workdays.set_calendar"
    STOP_WORK = "workdays.stop_work"
    SEE_SHEETS = "closing.see"
    CLOSE_MONTHS = "closing.close"
    SEE_EXCEPTIONS = "exceptions.see"
    JUDGE_EXCEPTIONS = "exceptions.judge"
    SET_EXCEPTIONS = "exceptions.set_kinds"
    SEE_TERMS = "settling.see_terms"
    SET_TERMS = "settling.set_terms"
    DECLARE_DEAD = "settling.declare_dead"
    NAME_STAND_IN = "settling.name_stand_in"
    READ_AUDIT = "audit.read"
    MANAGE_ACCOUNTS = "accounts.manage"
    SEE_METRICS = "metrics.see"
    GIVE_API_TOKENS = "api_tokens.give"
    REVOKE_API_TOKENS = "api_tokens.revoke"


_SYSTEM, _SECURITY, _AUDITOR = Role.SYSTEM, Role.SECURITY, Role.AUDITOR
_OPERATOR, _OFFICER, _ORGANISATION = Role.OPERATOR, Role.OFFICER, Role.ORGANISATION
_VILLAGE = (Role.SECRETARY, Role.SUPERVISION)

ROLES_WITH: dict[Power, tuple[Role, ...]] = {
    Power.SEE_FLEET: (_SYSTEM, _SECURITY, _OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE, Role.EDITOR),
    Power.ACKNOWLEDGE_ALARMS: (_SYSTEM, _SECURITY, _OPERATOR, _OFFICER),
    Power.EDIT_ON_CALL: (_OPERATOR,),
    # Whoever sets one decides to which machines outside the county's server speaks.
    Power.SET_CHANNELS: (_SYSTEM,),
    Power.CLAIM_STATION: (_SYSTEM, _OPERATOR),
    Power.REVOKE_STATION: (_SECURITY, _OPERATOR),
    Power.COMMAND_STATION: (_OPERATOR,),
    Power.VIEW_LIVE: (_OPERATOR, _OFFICER),
    Power.SET_STATION: (_OPERATOR,),
    Power.REVIEW_HELD: (_OPERATOR, _OFFICER),
    Power.SEE_PEOPLE: (_SYSTEM, _OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE),
    # Townships keep their own people and rosters; regions are changed by those who see the whole county.
    Power.EDIT_PEOPLE: (_SYSTEM, _OPERATOR, _OFFICER, _ORGANISATION),
    Power.BIND_CARDS: (_SYSTEM, _OPERATOR, _OFFICER),
    Power.REVEAL_NUMBERS: (_OPERATOR, _OFFICER, _ORGANISATION),
    Power.SEE_PICTURES: (_SYSTEM, _OPERATOR, _OFFICER),
    Power.SEE_CONTENT: (_SYSTEM, _SECURITY, _OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE, Role.EDITOR),
    Power.WRITE: (_OPERATOR, _OFFICER, Role.SECRETARY, Role.EDITOR),
    Power.PUBLISH: (_OPERATOR, _OFFICER, Role.EDITOR),
    # The view asks for more: only the secretary of a branch sees anything, and only of that branch.
    Power.SEE_BRANCH_LEARNING: (_OFFICER, _ORGANISATION, Role.SECRETARY),
    Power.KEEP_WORDS: (_OPERATOR, _ORGANISATION),
    Power.SEE_SWITCHES: (_SYSTEM, _SECURITY, _OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE, Role.EDITOR),
    Power.TURN_SWITCHES: (_OPERATOR, _ORGANISATION),
    Power.HOLD_FILES: (_OPERATOR, _OFFICER),
    Power.SEE_FEEDBACK: (_OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE),
    Power.ANSWER_FEEDBACK: (_OFFICER, Role.SECRETARY),
    # Not for the village's own: people ask about what their village does.
    Power.SET_FEEDBACK_ASIDE: (_OPERATOR, _OFFICER),
    Power.SET_CONTACT: (_OPERATOR, _OFFICER),
    # Objections are not for the village's own: people object to what their village has of them.
    Power.SEE_REQUESTS: (_OPERATOR, _OFFICER, _ORGANISATION),
    Power.ANSWER_REQUESTS: (_OFFICER,),
    Power.DECIDE_SURPLUS: (_OFFICER,),
    # The village's own too: how far each may go, its rank says (`server_broker.requests.ranks`).
    Power.APPROVE_REQUESTS: (_OFFICER, Role.SECRETARY),
    Power.ENTER_REQUESTS: (_OFFICER, Role.SECRETARY),
    # Supervision sees who came and how it was voted; it holds no meeting of those whom it supervises.
    Power.SEE_MEETINGS: (_OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE),
    Power.HOLD_MEETINGS: (_OFFICER, _ORGANISATION, Role.SECRETARY),
    # For the whole county only; the view asks for that.
    Power.SET_MEETINGS: (_OPERATOR, _ORGANISATION),
    Power.SEE_WORKDAYS: (_SYSTEM, _SECURITY, _OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE, Role.EDITOR),
    # For the whole county only; the views ask for that.
    Power.SET_CALENDAR: (_OPERATOR, _ORGANISATION),
    Power.STOP_WORK: (_OPERATOR, _OFFICER, _ORGANISATION),
    # What everybody's windows came to: pay hangs on it, so it is for those who answer for people alone.
    Power.SEE_SHEETS: (_OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE),
    Power.CLOSE_MONTHS: (_OFFICER,),
    # Not for the village's own: what is worth a look is about them.
    Power.SEE_EXCEPTIONS: (_OPERATOR, _OFFICER, _ORGANISATION),
    Power.JUDGE_EXCEPTIONS: (_OFFICER, _ORGANISATION),
    # For the whole county only; the view asks for that.
    Power.SET_EXCEPTIONS: (_OPERATOR, _ORGANISATION),
    Power.SEE_TERMS: (_SYSTEM, _SECURITY, _OPERATOR, _OFFICER, _ORGANISATION, *_VILLAGE, Role.EDITOR),
    # Pay hangs on these. Villages set none of them for themselves (`ABOVE_VILLAGES`).
    Power.SET_TERMS: (_OPERATOR, _OFFICER, _ORGANISATION),
    Power.DECLARE_DEAD: (_OPERATOR, _OFFICER, _ORGANISATION),
    Power.NAME_STAND_IN: (_OPERATOR, _OFFICER, _ORGANISATION),
    Power.READ_AUDIT: (_AUDITOR,),
    Power.MANAGE_ACCOUNTS: (_SYSTEM,),
    # By token alone: there is no page of it. Machines and counts, and nothing of people.
    Power.SEE_METRICS: (_SYSTEM, _OPERATOR),
    # A token reads what its owner sees, so it is given by those who see it: security gives none, and may end any.
    Power.GIVE_API_TOKENS: (_SYSTEM, _OPERATOR),
    Power.REVOKE_API_TOKENS: (_SYSTEM, _SECURITY, _OPERATOR),
}
"""The roles that have each power, by room. Duties are separated: an auditor has no other power, and the role that makes
accounts can't revoke stations, can't review unread facts and can't read the audit log."""

POWERS: dict[str, frozenset[Power]] = {
    role: frozenset(power for power, roles in ROLES_WITH.items() if role in roles) for role in Role
}
"""The same table by role."""

ABOVE_VILLAGES = frozenset(
    {
        *(Power.CLOSE_MONTHS, Power.SET_TERMS, Power.DECLARE_DEAD, Power.NAME_STAND_IN),
        *(Power.SET_FEEDBACK_ASIDE, Power.DECIDE_SURPLUS),
    }
)
"""Powers that an account of a village alone does not have, whatever its role: a township or the county has them."""

PROVEN = frozenset(
    {
        Power.CLAIM_STATION,
        Power.REVOKE_STATION,
        Power.COMMAND_STATION,
        Power.SET_CHANNELS,
        Power.VIEW_LIVE,
        Power.REVEAL_NUMBERS,
        Power.SET_STATION,
        Power.PUBLISH,
        Power.KEEP_WORDS,
        Power.TURN_SWITCHES,
        Power.SET_CALENDAR,
        Power.CLOSE_MONTHS,
        Power.SET_TERMS,
        Power.DECLARE_DEAD,
        Power.NAME_STAND_IN,
        Power.MANAGE_ACCOUNTS,
        Power.GIVE_API_TOKENS,
        Power.REVOKE_API_TOKENS,
    }
)
"""Powers that need the second factor: over accounts and the tokens of programs, over stations, to look into people's
rooms and at their identity numbers, over what is shown there, over what burdens people, over working days, over what
people's windows come to, and over what is signed of their pay."""


def may(user: User | AnonymousUser, power: Power) -> bool:
    """Return whether ``user`` has ``power`` by role and region. Django's superuser flag is ignored."""
    return _has(user, power) and not _is_too_low(user, power)


def who_may(power: Power) -> str:
    """Return in Chinese the roles that have ``power``, so that others know whom to ask."""
    return "、".join(Role(role).label for role in ROLES_WITH[power])


def _has(user: User | AnonymousUser, power: Power) -> bool:
    return isinstance(user, User) and user.is_open and power in POWERS.get(user.role, frozenset())


def _is_too_low(user: User | AnonymousUser, power: Power) -> bool:
    region = user.region_id if isinstance(user, User) else None
    return power in ABOVE_VILLAGES and region is not None and len(subtree_prefix(region)) > TOWNSHIP_DIGITS


def account_of(request: HttpRequest) -> User:
    """Return the account of a view that `needs` protects: nobody else gets there."""
    user = request.user
    assert isinstance(user, User)
    return user


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
            if _has(request.user, power) and _is_too_low(request.user, power):
                raise PermissionDenied("村里的账号不能自己定这件事，请镇办或者县里来定")
            if not may(request.user, power):
                raise PermissionDenied(f"您的角色不能做这件事，能做的是{who_may(power)}")
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
