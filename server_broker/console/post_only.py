"""URLs to which forms are sent. A person who opens one, by hand or after a new sign-in, is redirected to the form."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from server_broker.accounts.powers import View


def post_only(page: str, *kept: str) -> Callable[[View], View]:
    """Let a view handle only POST, and redirect GET to the page that has the form.

    Args:
        page: The URL name of that page. The page itself checks whether the person may see it.
        kept: The view's arguments that the page's URL needs too.
    """

    def guard(view: View) -> View:
        posted: View = require_POST(view)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD"):
                return posted(request, *args, **kwargs)
            try:
                return HttpResponseRedirect(reverse(page, kwargs={name: kwargs[name] for name in kept}))
            # An argument that the page's URL does not match: there is no such page.
            except NoReverseMatch:
                raise Http404 from None

        return guarded

    return guard
