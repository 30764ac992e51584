"""Addresses that forms are sent to: whoever opens one, by hand or after signing in again, is led to the form."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from server_broker.accounts.powers import View


def post_only(page: str, *kept: str) -> Callable[[View], View]:
    """Let a view take POST alone, and lead GET to the page that has the form.

    Args:
        page: That page's name. Whether the asker may see it is its own question.
        kept: Which of the view's arguments say which page it is.
    """

    def guard(view: View) -> View:
        posted: View = require_POST(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD"):
                return posted(request, *args, **kwargs)
            try:
                return HttpResponseRedirect(reverse(page, kwargs={name: kwargs[name] for name in kept}))
            except NoReverseMatch:
                raise Http404 from None

        return guarded

    return guard
