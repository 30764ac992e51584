"""值得一看: exceptions that were found at night, each with its evidence; somebody says what it was."""

import datetime as dt
from collections import Counter

from django import forms
from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import regions_of, sees_county
from server_broker.console import parameters
from server_broker.console.exception_lines import KindLine, act_of, evidence_of, lines_of
from server_broker.console.post_only import post_only
from server_broker.console.queries import notables_of
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.exceptions.judging import MOST_LETTERS, JudgementRefused, judge, set_kind
from server_broker.exceptions.kinds import SPECS, KindNow, kinds_now
from server_broker.exceptions.models import Judgement, Looked, Notable, Verdict
from server_broker.people.identity import identity_number_in
from server_broker.regions.models import Region, subtree_prefix

PAGE_SIZE = 50
JUDGED_FOR = dt.timedelta(days=180)
"""What share of a kind was nothing is said of so long a time."""
_STATES = ("open", "judged")


class _Why(forms.Form):
    reason = ReasonField()


@require_safe
@needs(Power.SEE_EXCEPTIONS)
def exceptions(request: HttpRequest) -> HttpResponse:
    """Show what is worth a look in the viewer's regions, and how the kinds have proven themselves."""
    kinds = kinds_now()
    places = list(regions_of(request.user).filter(ended=False))
    place = _place(request, places)
    seen = notables_of(request.user).filter(kind__in=list(SPECS))
    here = seen if place is None else seen.filter(village__code__startswith=subtree_prefix(place.code))
    standing = _standing(here, kinds)
    judged = here.filter(judgement__isnull=False)
    by_kind = Counter(dict(standing.values_list("kind").annotate(n=Count("pk")).order_by()))
    state = parameters.choice(request.GET, "state", _STATES)
    kind = parameters.choice(request.GET, "kind", ("", *SPECS))
    rows = standing if state == "open" else judged
    rows = rows.filter(kind=kind) if kind else rows
    shown = rows.select_related("person", "village", "judgement")
    page = parameters.page_of(request, shown.order_by("-day", "-pk"), size=PAGE_SIZE)
    looked = Looked.objects.first()
    context = {
        "section": "exceptions",
        "page": page,
        "lines": lines_of(page.object_list),
        "tabs": [("", "全部", sum(by_kind.values())), *((code, SPECS[code].word, by_kind[code]) for code in SPECS)],
        "kind": kind,
        "state": state,
        "place": place,
        "places": places,
        "kinds": _kind_lines(judged, kinds, by_kind),
        "judged_days": JUDGED_FOR.days,
        "looked": None if looked is None else looked.through,
        "may_set": may(request.user, Power.SET_EXCEPTIONS) and sees_county(request.user),
        "may_bind": may(request.user, Power.BIND_CARDS),
        "may_see_fleet": may(request.user, Power.SEE_FLEET),
    }
    return render(request, "console/exceptions.html", context)


def _place(request: HttpRequest, places: list[Region]) -> Region | None:
    asked = parameters.text(request.GET, "place", longest=12)
    return next((one for one in places if one.pk == asked), None)


def _standing(rows: QuerySet[Notable], kinds: dict[str, KindNow]) -> QuerySet[Notable]:
    """Keep what still stands, nobody has judged, and is of a kind that the county looks for."""
    on = [code for code, kind in kinds.items() if not kind.off]
    return rows.filter(gone_at=None, judgement=None, kind__in=on)


def _kind_lines(judged: QuerySet[Notable], kinds: dict[str, KindNow], standing: Counter[str]) -> list[KindLine]:
    since = timezone.now() - JUDGED_FOR
    said = judged.filter(judgement__at__gte=since).values_list("kind", "judgement__verdict").annotate(n=Count("pk"))
    counts = {(kind, verdict): n for kind, verdict, n in said.order_by()}
    return [
        KindLine(
            kind,
            standing[code],
            sum(counts.get((code, str(verdict)), 0) for verdict in Verdict),
            counts.get((code, str(Verdict.NOTHING)), 0),
        )
        for code, kind in kinds.items()
    ]


@require_safe
@needs(Power.SEE_EXCEPTIONS)
def exception_one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one exception with its evidence, what it may well be, and what to do about it."""
    row = _get(request, pk)
    kind = kinds_now()[row.kind]
    judgement = Judgement.objects.filter(notable=row).first()
    user = account_of(request)
    context = {
        "section": "exceptions",
        "line": lines_of([row])[0],
        "kind": kind,
        "evidence": evidence_of(user, row),
        "act": act_of(user, row),
        "judgement": judgement,
        "may_judge": judgement is None and may(user, Power.JUDGE_EXCEPTIONS),
        "verdicts": Verdict.choices,
        "most_letters": MOST_LETTERS,
    }
    return render(request, "console/exception.html", context)


def _get(request: HttpRequest, pk: int) -> Notable:
    seen = notables_of(request.user).filter(kind__in=list(SPECS)).select_related("person", "village")
    return get_object_or_404(seen, pk=pk)


@post_only("exception", "pk")
@needs(Power.JUDGE_EXCEPTIONS)
def exception_judge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what an exception of the viewer's scope was."""
    row = _get(request, pk)
    verdict = parameters.choice(request.POST, "verdict", ("", *Verdict.values))
    note = parameters.prose(request.POST, "note", longest=MOST_LETTERS + 1)
    try:
        if not verdict:
            raise JudgementRefused("请选没有问题，还是已处理")
        if identity_number_in(note):
            raise JudgementRefused("说明会一直留着，请不要写身份证号")
        judge(row, Verdict(verdict), note, by=account_of(request), now=timezone.now())
    except (JudgementRefused, OwnAffair) as refusal:
        messages.error(request, f"没有记录：{str(refusal).rstrip('。')}。")
        return redirect("exception", pk)
    messages.success(request, f"已记录：{Verdict(verdict).label}。")
    return redirect("exceptions")


@post_only("exceptions")
@needs(Power.SET_EXCEPTIONS)
def exception_kind_set(request: HttpRequest, kind: str) -> HttpResponse:
    """Have the whole county look for a kind or not, and from which number on."""
    if not sees_county(request.user) or kind not in SPECS:
        raise Http404
    form = _Why(request.POST)
    number = parameters.text(request.POST, "threshold", longest=6)
    seen = parameters.text(request.POST, "seen", longest=18)
    try:
        if not form.is_valid():
            raise JudgementRefused(refusal_text(form, "请写明理由（4 到 200 个字）"))
        if not (number.isascii() and number.isdigit() and seen.isascii() and seen.isdigit()):
            raise JudgementRefused(f"“{number}”不是整数")
        set_kind(
            kind,
            off=request.POST.get("act") == "off",
            threshold=int(number),
            seen=int(seen),
            reason=form.cleaned_data["reason"],
            by=account_of(request),
            now=timezone.now(),
        )
    except JudgementRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
    else:
        messages.success(request, f"{SPECS[kind].word}已记录，今晚起照这样找。")
    return redirect("exceptions")
