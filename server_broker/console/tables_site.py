"""The data tables under /admin/ as one site: for whom it opens, and what it is called."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from unfold.sites import UnfoldAdminSite

type View = Callable[..., HttpResponse]


class TablesSite(UnfoldAdminSite):
    """Who has not signed in is led to the sign-in; who may not look gets the console's own 403 page.

    Django would lead both to the sign-in, which leads who is signed in back here, for ever.
    """

    index_title = "系统管理"

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Guard a view of the site."""
        guarded: View = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return inner
