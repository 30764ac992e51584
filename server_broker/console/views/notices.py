"""A notice for the kiosks: one person writes it, looks at it, and hands it to another one."""

import datetime as dt
from dataclasses import dataclass, fields

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from protocol.plain_text import lines, one_line
from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.notices import MAX_ABOUT, MAX_LINE, MAX_TEXT, NoticeDraft, check_notice
from server_broker.bundles.written_notices import write_notice
from server_broker.console.shelf_words import NOTICE_KIND_WORDS
from server_broker.console.views.written import reached
from server_broker.regions.models import Region, subtree_prefix


@dataclass(frozen=True, slots=True)
class Typed:
    """A notice as it was typed, so that the form shows it again."""

    line: str = ""
    text: str = ""
    kind: str = ""
    source: str = ""
    owner: str = ""
    region: str = ""
    first_day: str = ""
    last_day: str = ""
    urgent: bool = False

    def hidden(self) -> list[tuple[str, str]]:
        """Return what the second form sends along, by the names of its fields."""
        texts = [(one.name, str(getattr(self, one.name))) for one in fields(self) if one.name != "urgent"]
        return [*texts, ("urgent", "yes")] if self.urgent else texts


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.WRITE)
def new_notice(request: HttpRequest) -> HttpResponse:
    """Write a notice. The first button shows it as the kiosk will; the second one hands it to another person."""
    if request.method != "POST":
        today = timezone.localdate()
        last = str(today + dt.timedelta(days=7))
        return _notice_page(request, Typed(region=scope(request.user) or "", first_day=str(today), last_day=last))
    typed = _typed(request)
    try:
        region, draft = _draft_of(request, typed)
        if request.POST.get("step") != "submit":
            return _notice_page(request, typed, draft=draft)
        notice = write_notice(draft, region=region, actor=request.user.get_username(), at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"还不能交：{refused}。")
        return _notice_page(request, typed, status=422)
    messages.success(request, "已交。请另一个人看过以后发布；发布之前大屏上没有。")
    return redirect("written", notice.called, notice.pk)


def _typed(request: HttpRequest) -> Typed:
    def said(name: str, most: int) -> str:
        # Not brought into a common form, as a search is: that would turn the Chinese comma into another one.
        return one_line(request.POST.get(name, "")).strip()[:most]

    return Typed(
        line=said("line", MAX_LINE + 1),
        text=lines(request.POST.get("text", "")).strip()[: MAX_TEXT + 1],
        kind=said("kind", 16),
        source=said("source", MAX_ABOUT + 1),
        owner=said("owner", MAX_ABOUT + 1),
        region=said("region", 12),
        first_day=said("first_day", 10),
        last_day=said("last_day", 10),
        urgent=request.POST.get("urgent") == "yes",
    )


def _draft_of(request: HttpRequest, typed: Typed) -> tuple[Region, NoticeDraft]:
    """Return what was typed as a notice, and for which region.

    Raises:
        NotPublished: It can't be published.
    """
    region = regions_of(request.user).filter(pk=typed.region, ended=False).first()
    if region is None:
        raise NotPublished("请选择发给哪里")
    days = [midnight(typed.first_day), midnight(typed.last_day)]
    if days[0] is None or days[1] is None:
        raise NotPublished("请写明从哪天到哪天")
    draft = NoticeDraft(
        line=typed.line,
        text=typed.text,
        region=subtree_prefix(region.code),
        not_before=days[0],
        not_after=days[1] + dt.timedelta(days=1),
        urgent=typed.urgent,
        kind=typed.kind,
        source=typed.source,
        owner=typed.owner,
    )
    check_notice(draft, at=timezone.now())
    return region, draft


def midnight(day: str) -> dt.datetime | None:
    """Return the beginning of a local day, or None if ``day`` is none within a hundred years."""
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        return None
    if not 2020 <= date.year < 2120:
        return None
    return timezone.make_aware(dt.datetime.combine(date, dt.time()))


def _notice_page(
    request: HttpRequest, typed: Typed, *, draft: NoticeDraft | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "section": "published",
        "typed": typed,
        "regions": regions_of(request.user).filter(ended=False),
        "kinds": list(NOTICE_KIND_WORDS.items()),
        "max_line": MAX_LINE,
        "max_text": MAX_TEXT,
        "max_about": MAX_ABOUT,
        "draft": draft,
        **(reached(request, draft.region) if draft else {}),
    }
    return render(request, "console/notice.html", context, status=status)
