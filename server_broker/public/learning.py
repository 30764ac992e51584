"""我的学习: a person's own stars, wrong book and required packs, on their telephone. Nobody else sees this page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.progress.own import own_learning
from server_broker.public.middleware import present_session

MOST_LATER = 30
"""Questions that are asked again later: the next ones are enough for a telephone."""


@require_safe
def learning(request: HttpRequest) -> HttpResponse:
    """Show what the person has learnt, or lead to the sign-in."""
    session = present_session(request)
    if session is None:
        return redirect("phone-sign-in")
    own = own_learning(session.person, timezone.now())
    context = {
        "person": session.person,
        "own": own,
        "later": own.later[:MOST_LATER],
        "more": max(0, len(own.later) - MOST_LATER),
        "today": timezone.localdate(),
    }
    return render(request, "public/learning.html", context)
