"""Named days of a window: who is in it on single dates."""

import datetime as dt

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from server_broker.accounts.powers import Power, needs
from server_broker.attendance.models import DutyWindow, RosterDay
from server_broker.attendance.timelines import roster_day_lines
from server_broker.console.deciding import InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import people_of, posts_of, windows_of
from server_broker.console.views.windows import numbers
from server_broker.dated.days import begin_of
from server_broker.duty.roster_days import MOST_DATES, name_days, withdraw_days
from server_broker.duty.values import Crew

_DAY = dt.timedelta(days=1)


@post_only("window", "pk")
@needs(Power.EDIT_PEOPLE)
def window_days(request: HttpRequest, pk: int) -> HttpResponse:
    """Say who is in a window of the viewer's scope on some dates, or take that back."""
    found = get_object_or_404(windows_of(request.user).select_related("village"), pk=pk)
    back, actor = reverse("window", args=[found.pk]), request.user.get_username()
    withdraws = request.POST.get("act") == "withdraw"
    try:
        days = _days(request)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    when = f"{days[0]}" if len(days) == 1 else f"{days[0]} 到 {days[-1]}"
    title = f"值班“{found.name}”：" + (f"取消 {when} 的排班" if withdraws else f"{when} 排班")

    def do(reason: str) -> None:
        if withdraws:
            withdraw_days(found, days, actor=actor, reason=reason)
        else:
            # Read anew each time: somebody may just have named a person whom the viewer does not see.
            name_days(found, {day: _crew(request, found, day) for day in days}, actor=actor, reason=reason)

    proposal = Proposal(
        title=title,
        do=do,
        done=f"{title}，已记录。",
        back=back,
        section="people",
        look=lambda: roster_day_lines(found, seen=people_of(request.user), since=days[0]),
    )
    return decide_on(request, proposal)


def _days(request: HttpRequest) -> list[dt.date]:
    first = asked_day(request.POST, "day")
    last = asked_day(request.POST, "until", otherwise=first)
    count = (last - first).days + 1
    if not 0 < count <= MOST_DATES:
        raise InputRefused(f"一次最多排 {MOST_DATES} 天，最后一天不能早于第一天")
    return [first + number * _DAY for number in range(count)]


def _crew(request: HttpRequest, found: DutyWindow, day: dt.date) -> Crew:
    """Return who the form says is in the window; people whom the viewer does not see stay in it."""
    seen, seen_posts = people_of(request.user), posts_of(request.user)
    people = set(seen.filter(pk__in=numbers(request, "people")).values_list("pk", flat=True))
    posts = set(seen_posts.filter(pk__in=numbers(request, "posts")).values_list("pk", flat=True))
    stood = RosterDay.objects.known().filter(subject=found, valid_from=begin_of(day), withdrawn=False).first()
    had = Crew() if stood is None else Crew(frozenset(stood.people), frozenset(stood.posts))
    unseen = had.people - set(seen.filter(pk__in=had.people).values_list("pk", flat=True))
    unseen_posts = had.posts - set(seen_posts.filter(pk__in=had.posts).values_list("pk", flat=True))
    leaders = people & set(numbers(request, "leaders"))
    leader_posts = posts & set(numbers(request, "leader_posts"))
    if stood is not None:
        leaders |= unseen & set(stood.leaders)
        leader_posts |= unseen_posts & set(stood.leader_posts)
    return Crew(
        frozenset(people | unseen), frozenset(posts | unseen_posts), frozenset(leaders), frozenset(leader_posts)
    )
