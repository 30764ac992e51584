"""三会一课: what each branch held in a month, what is missing, and what the county asks."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import sees_county
from server_broker.audit.log import LEAST_REASON
from server_broker.console import parameters
from server_broker.console.meeting_words import kind_word
from server_broker.console.post_only import post_only
from server_broker.console.queries import units_of
from server_broker.console.views.meetings import around, month_asked, place_asked
from server_broker.console.words import Word
from server_broker.dated.days import begin_of
from server_broker.meetings.kinds import MOST_TIMES, OF_BRANCHES, PERIODS, Asked, asked_of_kinds, quorum_words, set_kind
from server_broker.meetings.models import Kind, Rule
from server_broker.meetings.month_table import Cell, month_of, month_table
from server_broker.meetings.refused import MeetingRefused
from server_broker.people.models import UnitKind
from server_broker.regions.models import subtree_prefix

_A_PAGE = 40


@dataclass(frozen=True, slots=True)
class ShownCell:
    """A cell of the table: how the branch stands, and what to do where something is missing."""

    cell: Cell
    word: Word
    todo: str

    @property
    def head(self) -> str:
        """The kind of meeting."""
        return kind_word(self.cell.kind)


def _shown(cell: Cell) -> ShownCell:
    times = cell.asked.times
    if not cell.lacks:
        if cell.planned and len(cell.held) < times:
            return ShownCell(cell, Word("◌", "已定", "quiet"), "")
        word = f"开了 {len(cell.held)} 次" if cell.held else "不要求"
        return ShownCell(cell, Word("✓" if cell.held else "–", word, "good" if cell.held else "quiet"), "")
    held = f"，开了 {len(cell.held)} 次" if cell.held else ""
    if cell.is_over:
        return ShownCell(
            cell, Word("✕", f"缺 {cell.lacks} 次{held}", "bad"), "开过没登的，三天内补登；没开的，尽快补开"
        )
    last = f"{cell.last.month} 月 {cell.last.day} 日"
    return ShownCell(cell, Word("△", f"还差 {cell.lacks} 次{held}", "warn"), f"{last}前开，现在发通知")


@require_safe
@needs(Power.SEE_MEETINGS)
def meeting_table(request: HttpRequest) -> HttpResponse:
    """Show the table of a month for the branches of the viewer's regions, or of one of them."""
    first = month_asked(request)
    places, place = place_asked(request, request.user)
    branches = units_of(request.user).filter(kind=UnitKind.BRANCH, ended=False).select_related("region")
    if place is not None:
        branches = branches.filter(region__code__startswith=subtree_prefix(place.pk))
    page = parameters.page_of(request, branches.order_by("region", "name"), size=_A_PAGE)
    now = timezone.now()
    lines = [(line.unit, [_shown(cell) for cell in line.cells]) for line in month_table(list(page), first, now)]
    asked = asked_of_kinds(begin_of(month_of(first, 1)[1]))
    context = {
        "section": "meetings",
        **around(first),
        "places": places,
        "place": place,
        "page": page,
        "heads": [(kind_word(kind), asked_words(asked[kind])) for kind in OF_BRANCHES],
        "lines": lines,
        "lacking": sum(cell.word.tone in ("bad", "warn") for _, cells in lines for cell in cells),
        "asked": [(kind, kind_word(kind), one, asked_words(one), _quorum(one)) for kind, one in asked.items()],
        "periods": PERIODS.items(),
        "rules": Rule.choices,
        "kinds": Kind.choices,
        "most_times": MOST_TIMES,
        "today": timezone.localdate(),
        "may_set": may(request.user, Power.SET_MEETINGS) and sees_county(request.user),
        "may_hold": may(request.user, Power.HOLD_MEETINGS),
    }
    return render(request, "console/meeting_table.html", context)


def asked_words(asked: Asked) -> str:
    """Return how often a kind must be held."""
    return f"{PERIODS[asked.months]}至少 {asked.times} 次" if asked.times else "不要求次数"


def _quorum(asked: Asked) -> str:
    return quorum_words(asked.rule, asked.numerator, asked.denominator)


@post_only("meeting-table")
@needs(Power.SET_MEETINGS)
def meeting_kind(request: HttpRequest) -> HttpResponse:
    """Have the county ask something else of a kind of meeting, from a day on."""
    # One list for the county, so it is no township's to write.
    if not sees_county(request.user):
        raise Http404
    numbers = {name: request.POST.get(name, "") for name in ("times", "months", "numerator", "denominator")}
    try:
        if not all(one.isascii() and one.isdecimal() and len(one) <= 4 for one in numbers.values()):
            raise MeetingRefused("次数和几分之几要写数字")
        reason = parameters.prose(request.POST, "reason", longest=200)
        if len(reason) < LEAST_REASON:
            raise MeetingRefused("请写明理由（至少 4 个字）")
        values = {name: int(one) for name, one in numbers.items()}
        asked = Asked(rule=parameters.choice(request.POST, "rule", tuple(Rule.values)), **values)
        kind = parameters.text(request.POST, "kind", longest=20)
        since = parameters.day(request.POST, "since", ahead=400)
        set_kind(kind, asked, since=since, actor=account_of(request).username, reason=reason)
    except MeetingRefused as refused:
        messages.error(request, f"没有改：{refused}。")
    else:
        messages.success(request, f"{kind_word(kind)}的要求从 {since} 起改了。")
    return redirect("meeting-table")
