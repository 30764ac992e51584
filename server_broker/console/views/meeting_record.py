"""Enter what a meeting came to: votes and minutes. For those whom it takes elsewhere, ask that they are away."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, needs
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import meetings_of
from server_broker.console.views.meetings import elsewhere, look_of
from server_broker.dated.days import moment_written
from server_broker.meetings.recording import MOST_LETTERS, enter_vote, sign_minutes, write_minutes
from server_broker.meetings.refused import MeetingRefused
from server_broker.requests.asking import Wish, ask
from server_broker.requests.refused import RequestRefused


@post_only("meeting", "pk")
@needs(Power.HOLD_MEETINGS)
def meeting_vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a vote that was counted in the room."""
    meeting = get_object_or_404(meetings_of(request.user), pk=pk)
    try:
        voted_at = moment_written(request.POST.get("voted_at", ""))
        if voted_at is None:
            raise MeetingRefused("请填什么时候表决的")
        enter_vote(
            meeting,
            parameters.text(request.POST, "item", longest=64),
            [_count(one) for one in request.POST.getlist("votes")[:20]],
            present=_count(request.POST.get("present", "")),
            abstained=_count(request.POST.get("abstained", "") or "0"),
            voted_at=voted_at,
            actor=account_of(request).username,
            now=timezone.now(),
        )
    except MeetingRefused as refused:
        messages.error(request, f"没有记：{refused}。")
    else:
        messages.success(request, "表决结果已记。以前填的留在下面。")
    return redirect("meeting", pk)


def _count(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 6):
        raise MeetingRefused("票数要写数字")
    return int(typed)


@post_only("meeting", "pk")
@needs(Power.HOLD_MEETINGS)
def meeting_minutes(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a new version of the minutes."""
    meeting = get_object_or_404(meetings_of(request.user), pk=pk)
    text = request.POST.get("text", "")[: MOST_LETTERS + 1].replace("\x00", "")
    try:
        made = write_minutes(meeting, text, actor=account_of(request).username, now=timezone.now())
    except MeetingRefused as refused:
        messages.error(request, f"没有存：{refused}。")
    else:
        messages.success(request, f"会议记录第 {made.version} 版已存，请主持人或记录人签。")
    return redirect("meeting", pk)


@post_only("meeting", "pk")
@needs(Power.HOLD_MEETINGS)
def meeting_sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign off the newest version of the minutes."""
    meeting = get_object_or_404(meetings_of(request.user), pk=pk)
    try:
        version = _count(request.POST.get("version", ""))
        sign_minutes(meeting, version, actor=account_of(request).username, now=timezone.now())
    except MeetingRefused as refused:
        messages.error(request, f"没有签：{refused}。")
    else:
        messages.success(request, "会议记录已签。再改就是新的一版，要再签。")
    return redirect("meeting", pk)


@post_only("meeting", "pk")
@needs(Power.ENTER_REQUESTS)
def meeting_away(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, for everybody whom the meeting takes to another village, that they are away; somebody else approves it."""
    look, now = look_of(request, pk), timezone.now()
    user, done, refused = account_of(request), 0, []
    for person in elsewhere(user, look):
        wish = Wish(kind="meeting", begin=look.row.begin, end=look.row.end, note=f"开会：{look.row.title}"[:200])
        try:
            ask(person, wish, now=now, officer=user.username)
        except (RequestRefused, OwnAffair) as error:
            refused.append(f"{person.name}（{str(error).rstrip('。')}）")
        else:
            done += 1
    if done:
        messages.success(request, f"已给 {done} 人登记外出开会，要在待办里批了才算。")
    if refused:
        messages.warning(request, f"没有登记的：{'、'.join(refused[:20])}。")
    return redirect("meeting", pk)
