"""接口令牌: by which tokens other programs read, what each has read, and the forms that make and revoke one."""

from datetime import date, timedelta

from django.contrib import messages
from django.db.models import Max, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.api_tokens.giving import MAX_NAME, TokenRefused, make_token, revoke_token, tokens_of
from server_broker.api_tokens.models import ApiToken
from server_broker.api_tokens.resources import SCOPES, scopes_of
from server_broker.console import parameters
from server_broker.console.post_only import post_only

PAGE_SIZE = 50
DAYS = (("30", "30 天"), ("90", "90 天"), ("180", "半年"), ("365", "一年"))
LATELY = timedelta(days=30)


@require_safe
@needs(Power.REVOKE_API_TOKENS)
def tokens(request: HttpRequest) -> HttpResponse:
    """List the tokens of the viewer's scope, those in use first."""
    return _page(request)


@post_only("tokens")
@needs(Power.GIVE_API_TOKENS)
def token_make(request: HttpRequest) -> HttpResponse:
    """Make a token of the viewer's own account and show it. This one page has its text, and no other ever will."""
    owner = account_of(request)
    code = parameters.text(request.POST, "region", longest=12)
    try:
        given = make_token(
            owner,
            parameters.text(request.POST, "name", longest=MAX_NAME + 1),
            scopes=set(request.POST.getlist("scope")),
            region=regions_of(owner).filter(pk=code).first(),
            days=int(parameters.choice(request.POST, "days", tuple(days for days, _ in DAYS))),
            now=timezone.now(),
        )
    except TokenRefused as refusal:
        messages.error(request, f"没有做：{refusal}。")
        return redirect("tokens")
    return _page(request, text=given.text, name=given.token.name)


@post_only("tokens")
@needs(Power.REVOKE_API_TOKENS)
def token_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """Revoke a token of the viewer's scope."""
    token = get_object_or_404(tokens_of(request.user), pk=pk)
    try:
        revoke_token(token, actor=account_of(request), now=timezone.now())
    except TokenRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
    else:
        messages.success(request, f"“{token.name}”已作废，从现在起读不到任何内容。")
    return redirect("tokens")


def _page(request: HttpRequest, **new: str) -> HttpResponse:
    now, owner = timezone.now(), account_of(request)
    valid = Q(revoked_at=None, expires_at__gt=now)
    listed = _used(tokens_of(owner).annotate(is_valid=valid), timezone.localdate(now - LATELY))
    may_give = may(owner, Power.GIVE_API_TOKENS)
    page = parameters.page_of(request, listed.order_by("-is_valid", "-made_at", "-pk"), size=PAGE_SIZE)
    context = {
        "section": "tokens",
        "page": page,
        "rows": [(token, [SCOPES[one].word for one in token.scopes]) for token in page],
        "may_give": may_give,
        "resources": [(name, SCOPES[name]) for name in scopes_of(owner)],
        "regions": regions_of(owner).filter(ended=False) if may_give else (),
        "own": owner.region_id,
        "days": DAYS,
        "max_name": MAX_NAME,
        **new,
    }
    return render(request, "console/tokens.html", context)


def _used(tokens: QuerySet[ApiToken], since: date) -> QuerySet[ApiToken]:
    """Return tokens with the last day on which each read, and how much it has read lately."""
    lately = Q(uses__day__gte=since)
    return tokens.select_related("owner", "region").annotate(
        last_day=Max("uses__day"),
        requests=Sum("uses__requests", filter=lately, default=0),
        rows=Sum("uses__rows", filter=lately, default=0),
    )
