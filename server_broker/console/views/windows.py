"""A duty window's page: what it is and was, and the forms that change or end it from a day on."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.timelines import window_lines
from server_broker.attendance.windows import Terms, change_window, end_window
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, posts_of, windows_of
from server_broker.sheets.cells import MINUTES_A_DAY, BadCell, minute_of_day, weekdays
from server_broker.sheets.spreadsheetml import Cell

MOST_PEOPLE = 200


@require_safe
@needs(Power.SEE_PEOPLE)
def window(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a window of the viewer's scope, also one that has ended."""
    found = get_object_or_404(windows_of(request.user).select_related("village"), pk=pk)
    seen = people_of(request.user)
    context = {
        "section": "people",
        "window": found,
        "lines": window_lines(found, seen=people_of(request.user)),
        "people": seen.filter(village=found.village, left=False).order_by("number"),
        "chosen": set(found.people.values_list("pk", flat=True)),
        "posts": posts_of(request.user).filter(unit__region=found.village),
        "chosen_posts": set(found.posts),
        "today": timezone.localdate(),
        "may_edit": may(request.user, Power.EDIT_PEOPLE),
    }
    return render(request, "console/window.html", context)


@post_only("window", "pk")
@needs(Power.EDIT_PEOPLE)
def window_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change or end a window from a day on."""
    found = get_object_or_404(windows_of(request.user).select_related("village"), pk=pk)
    back, actor = reverse("window", args=[found.pk]), request.user.get_username()
    ends = request.POST.get("act") == "end"
    try:
        day = asked_day(request.POST, "day")
        terms = None if ends else _terms(request, found)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    title = f"值班“{found.name}”：" + (f"{day} 是最后一天，以后结束" if terms is None else f"{day} 起改动")

    def do(reason: str) -> None:
        if terms is None:
            end_window(found, last=day, actor=actor, reason=reason)
        else:
            change_window(found, terms, since=day, actor=actor, reason=reason)

    proposal = Proposal(
        title=title,
        do=do,
        done=f"{title}，已记录，站点很快会知道。",
        back=back,
        section="people",
        look=lambda: window_lines(found, seen=people_of(request.user)),
    )
    return decide_on(request, proposal)


def _terms(request: HttpRequest, found: DutyWindow) -> Terms:
    """Return what the form says the window is to be.

    People whom the viewer does not see stay in it: nobody takes away what they can't see.

    Raises:
        InputRefused: A field can't be read.
    """
    try:
        days = weekdays(Cell(parameters.text(request.POST, "weekdays", longest=40)))
        start = minute_of_day(Cell(parameters.text(request.POST, "start", longest=8)))
        end = minute_of_day(Cell(parameters.text(request.POST, "end", longest=8)))
    except BadCell as error:
        raise InputRefused(f"星期、开始或结束：{error}") from error
    seen = people_of(request.user)
    unseen = [one.pk for one in found.people.exclude(pk__in=seen)]
    chosen = seen.filter(pk__in=_numbers(request, "people")).values_list("pk", flat=True)
    seen_posts = posts_of(request.user)
    posts = list(seen_posts.filter(pk__in=_numbers(request, "posts")).values_list("pk", flat=True))
    kept = set(found.posts) - set(seen_posts.filter(pk__in=found.posts).values_list("pk", flat=True))
    return Terms(
        name=parameters.text(request.POST, "name", longest=32),
        weekdays=days,
        start=start,
        end=end if end > start else end + MINUTES_A_DAY,
        people=[*chosen, *unseen],
        posts=[*posts, *kept],
    )


def _numbers(request: HttpRequest, name: str) -> list[int]:
    given = request.POST.getlist(name)[:MOST_PEOPLE]
    return [int(text) for text in given if text.isascii() and text.isdecimal() and len(text) < 16]
