"""公示把关: which numbers may be published, the county's own secret words, and a place to try a text."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from server_broker.accounts.own_affairs import OwnAffair, is_own_affair
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of, scope, sees_county
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.looking_again import look_again
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import bundles_of, permits_of
from server_broker.guard.county import county_for
from server_broker.guard.finding import Finding, find
from server_broker.guard.models import SecretWord
from server_broker.guard.permits import PermitRefused, agree_permit, ask_permit, end_permit
from server_broker.guard.secrets import PHRASES
from server_broker.guard.words import WordRefused, add_word, end_word
from server_broker.people.identity import identity_number_in
from server_broker.regions.models import subtree_prefix

PAGE_SIZE = 50
MOST_TRIED = 5_000


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.SEE_CONTENT)
def guard(request: HttpRequest) -> HttpResponse:
    """Show the numbers and words, and what the guard makes of a text that somebody tries. The text is not kept."""
    user = request.user
    tried = request.POST.get("text", "")[:MOST_TRIED]
    permits = permits_of(user).select_related("region").order_by("-asked_at", "-pk")
    may_publish = may(user, Power.PUBLISH)
    context = {
        "section": "guard",
        "asked": [(row, is_own_affair(user.get_username(), asked_by=row.asked_by)) for row in permits.asked()],
        "page": parameters.page_of(request, permits.holding(), size=PAGE_SIZE),
        "words": SecretWord.objects.filter(ended_at=None).order_by("word"),
        "built_in": list(PHRASES),
        "may_publish": may_publish,
        "may_keep_words": may(user, Power.KEEP_WORDS) and sees_county(user),
        "regions": regions_of(user).filter(ended=False) if may_publish else (),
        "own_region": scope(user),
        "tried": tried,
        "findings": _tried(request, tried),
        "looked": look_again(bundles_of(user), folder=BundleFolder(settings.HOME.bundles), now=timezone.now()),
    }
    return render(request, "console/guard.html", context)


def _tried(request: HttpRequest, text: str) -> list[Finding] | None:
    own = scope(request.user)
    return find(text, county_for([subtree_prefix(own)])) if text and own is not None else None


def _reason(request: HttpRequest) -> str:
    reason = parameters.prose(request.POST, "reason", longest=201)
    if identity_number_in(reason):
        raise PermitRefused("理由会一直留在记录里，请不要写身份证号")
    return reason


def _done(request: HttpRequest, act: Callable[[], object], done: str) -> HttpResponse:
    try:
        act()
    except (PermitRefused, WordRefused, OwnAffair) as refusal:
        messages.error(request, f"没有改动：{str(refusal).rstrip('。')}。")
    else:
        messages.success(request, done)
    return redirect("guard")


@post_only("guard")
@needs(Power.PUBLISH)
def permit_ask(request: HttpRequest) -> HttpResponse:
    """Ask that a number may be published in a region of the viewer's scope."""
    region = (
        regions_of(request.user).filter(pk=parameters.text(request.POST, "region", longest=12), ended=False).first()
    )
    if region is None:
        messages.error(request, "没有改动：请选择在哪里可以公开。")
        return redirect("guard")
    return _done(
        request,
        lambda: ask_permit(
            parameters.text(request.POST, "number"),
            owner=parameters.text(request.POST, "owner"),
            region=region,
            reason=_reason(request),
            actor=request.user.get_username(),
            at=timezone.now(),
        ),
        "已申请。要由另一个人同意，这个号码才能公开。",
    )


@post_only("guard")
@needs(Power.PUBLISH)
def permit_agree(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to a number that another person has asked for."""
    permit = get_object_or_404(permits_of(request.user).asked(), pk=pk)
    actor, now = request.user.get_username(), timezone.now()
    return _done(
        request,
        lambda: agree_permit(permit, reason=_reason(request), actor=actor, at=now),
        "已同意。这个号码现在可以公开，写通知的人可以再发布一次。",
    )


@post_only("guard")
@needs(Power.PUBLISH)
def permit_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Refuse a number, or let it be published no longer."""
    permit = get_object_or_404(permits_of(request.user).filter(ended_at=None), pk=pk)
    actor, now = request.user.get_username(), timezone.now()
    return _done(
        request,
        lambda: end_permit(permit, reason=_reason(request), actor=actor, at=now),
        "已取消。以后再写这个号码会被拦下；已经发布的列在这一页，要用手撤回。",
    )


@post_only("guard")
@needs(Power.KEEP_WORDS)
def word_add(request: HttpRequest) -> HttpResponse:
    """Add a secret word of the county's."""
    _only_the_county(request)
    harmless = parameters.text(request.POST, "harmless", longest=900).replace("、", "\n").replace(",", "\n").split("\n")
    word = parameters.text(request.POST, "word")
    actor, now = request.user.get_username(), timezone.now()
    return _done(
        request,
        lambda: add_word(word, harmless=harmless, actor=actor, at=now),
        "已添加，从现在起发布时会拦下。已经发布的也查了一遍，查到的列在这一页。",
    )


@post_only("guard")
@needs(Power.KEEP_WORDS)
def word_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a word no longer."""
    _only_the_county(request)
    word = get_object_or_404(SecretWord.objects.filter(ended_at=None), pk=pk)
    actor, now = request.user.get_username(), timezone.now()
    return _done(request, lambda: end_word(word, actor=actor, at=now), "已取消，以后不再拦这个字样。")


def _only_the_county(request: HttpRequest) -> None:
    # The words hold for the whole county, so they are no township's to change.
    if not sees_county(request.user):
        raise Http404
