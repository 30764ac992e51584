"""A change of dated rows is shown before it is made: what no longer holds, what holds instead, whose touches move.

The same form is sent twice. The second time it carries the digest of what was shown, and if the change would now do
something else, the page comes again.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from django import forms
from django.contrib import messages
from django.db import IntegrityError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from psycopg.errors import DeadlockDetected, LockNotAvailable

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.scope import scope
from server_broker.attendance.effects import Moved, watched
from server_broker.attendance.leaving import LeavingRefused
from server_broker.attendance.region_changes import RegionRefused
from server_broker.attendance.timelines import Line
from server_broker.bundles.publishing import NotWithdrawn
from server_broker.console import parameters
from server_broker.console.pin_words import PIN
from server_broker.console.reasons import ReasonField, refusal_text
from server_broker.dated.days import day_written, moment_written
from server_broker.dated.locking import alone
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import DaysRefused
from server_broker.people.cards import BindRefused
from server_broker.people.changes import PersonRefused
from server_broker.people.posts import PostRefused
from server_broker.regions.models import subtree_prefix
from server_broker.settling.dead_stations import DeadRefused
from server_broker.settling.stand_ins import StandInRefused
from server_broker.settling.term_specs import TermRefused

REFUSALS = (
    OwnAffair,
    BindRefused,
    PersonRefused,
    PostRefused,
    WindowRefused,
    LeavingRefused,
    RegionRefused,
    NotWithdrawn,
    TermRefused,
    DeadRefused,
    StandInRefused,
)
MOST_LISTED = 200
KEPT = "原来的记录不会删，以后还能查到；"
PATIENCE = dt.timedelta(seconds=10)
"""For others who are recording. A large import may take minutes, and nobody waits so long for a page."""


class InputRefused(Exception):
    """What was typed can't be read. The message is Chinese, for the person who typed it."""


class _Why(forms.Form):
    reason = ReasonField()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that somebody asks for.

    Attributes:
        do: Makes it; gets the reason. It is called once a request, and what it wrote is taken back if nobody agreed.
        look: The lines that the change may touch, as they are.
        tokens: Cards whose touches it may move.
        done: What the person is told afterwards.
        fixed: Fields that the second form sends whatever the first one had in them.
        undo: What stays and how to go back, if that is another than with most changes.
        notes: Makes sentences of what else to know before somebody confirms.
        template: The page that shows it.
        more: Makes what that page needs besides.
    """

    title: str
    do: Callable[[str], object]
    done: str
    back: str
    section: str
    look: Callable[[], list[Line]] = list
    tokens: Collection[bytes] = field(default=())
    fixed: Mapping[str, str] = field(default_factory=dict)
    undo: str = ""
    notes: Callable[[], list[str]] = list
    template: str = "console/decide.html"
    more: Callable[["Shown"], Mapping[str, object]] = lambda shown: {}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a change would do."""

    about: tuple[str, str]
    """The title of the change, and the page of what it is about: lines do not say whose they are."""
    gone: list[Line]
    new: list[Line]
    moved: list[Moved]

    def digest(self) -> str:
        """Return a digest that names exactly this effect."""
        said = [self.about, [line.said for line in self.gone], [line.said for line in self.new], self.moved]
        return hashlib.sha256(repr(said).encode()).hexdigest()


def decide_on(request: HttpRequest, proposal: Proposal) -> HttpResponse:
    """Show what the change would do, and make it once the person has confirmed exactly that."""
    form = _Why(request.POST)
    back = redirect(proposal.back)
    if not form.is_valid():
        messages.error(request, f"没有改动：{refusal_text(form, '请写明理由（4 到 200 个字）')}。")
        return back
    agreed = request.POST.get("confirmed", "")
    try:
        shown = _done(proposal, form.cleaned_data["reason"], agreed)
    except DaysRefused as refusal:
        own = scope(request.user)
        messages.error(request, f"没有改动：{refusal.seen_from('none' if own is None else subtree_prefix(own))}。")
        return back
    except REFUSALS as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return back
    except (IntegrityError, OperationalError) as error:
        if isinstance(error, OperationalError) and not isinstance(
            error.__cause__, (DeadlockDetected, LockNotAvailable)
        ):
            raise
        messages.error(request, "没有改动：同时有人在修改同样的内容，请再试一次。")
        return back
    if shown.digest() == agreed:
        messages.success(request, proposal.done)
        return back
    if agreed:
        messages.warning(request, "没有改动：刚才有别的改动，结果和您看到的不一样了，请再核对一次。")
    return _page(request, proposal, shown)


def _done(proposal: Proposal, reason: str, agreed: str) -> Shown:
    """Make the change once and return what it does. Unless that is what was agreed to, it is taken back.

    Raises:
        Exception: One of `REFUSALS`.
    """
    with transaction.atomic():
        if agreed:
            # Nobody changes between the look and the change what somebody is about to confirm.
            alone(patience=PATIENCE)
        effect = watched(lambda: proposal.do(reason), proposal.look, proposal.tokens)
        was, will = {line.said for line in effect.before}, {line.said for line in effect.after}
        shown = Shown(
            (proposal.title, proposal.back),
            [line for line in effect.before if line.said not in will],
            [line for line in effect.after if line.said not in was],
            effect.moved,
        )
        if shown.digest() != agreed:
            transaction.set_rollback(True)
    return shown


def _page(request: HttpRequest, proposal: Proposal, shown: Shown) -> HttpResponse:
    given = {name: values for name, values in request.POST.lists() if name not in _OWN}
    given |= {name: [value] for name, value in proposal.fixed.items()}
    kept = [(name, value) for name, values in given.items() for value in values]
    context = {
        "section": proposal.section,
        "title": proposal.title,
        "gone": shown.gone,
        "new": shown.new,
        "moved": shown.moved[:MOST_LISTED],
        "touches": sum(one.touches for one in shown.moved),
        "days": len({one.day for one in shown.moved}),
        "left_out": max(0, len(shown.moved) - MOST_LISTED),
        "kept": kept,
        "digest": shown.digest(),
        "back": proposal.back,
        "undo": proposal.undo,
        "notes": proposal.notes(),
        "ends_pin": any(line.kind == PIN for line in shown.gone),
        "is_nothing": not (shown.gone or shown.new or shown.moved),
        **proposal.more(shown),
    }
    return render(request, proposal.template, context)


_OWN = ("csrfmiddlewaretoken", "confirmed")


def asked_day(values: Mapping[str, str], name: str, *, otherwise: dt.date | None = None) -> dt.date:
    """Return the day that a form names; it may be in the future.

    Raises:
        InputRefused: There is none, or it is no date from 2000 to 2099.
    """
    given = parameters.plain(values.get(name, ""), longest=10)
    if not given and otherwise is not None:
        return otherwise
    day = day_written(given)
    if day is None:
        raise InputRefused("请填日期，例如 2026-03-01")
    return day


def asked_moment(values: Mapping[str, str], name: str) -> dt.datetime | None:
    """Return the local moment that a form names, such as ``2026-03-01T08:30``; None if it names none.

    Raises:
        InputRefused: It is no moment from 2000 to 2099.
    """
    given = parameters.plain(values.get(name, ""), longest=32)
    if not given:
        return None
    moment = moment_written(given)
    if moment is None:
        raise InputRefused("时间要写成 2026-03-01 08:30 的样子")
    return moment
