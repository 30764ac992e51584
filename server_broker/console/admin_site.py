"""The site of the data tables under /admin/: who may open it, its title, and the change of one's own password."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import authenticate
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from unfold.sites import UnfoldAdminSite

from server_broker.accounts.account_changes import say_password_set
from server_broker.accounts.guesses import TooBusy, guess
from server_broker.accounts.models import User
from server_broker.accounts.network import client_address
from server_broker.accounts.views import locked_out, too_busy

type View = Callable[..., HttpResponseBase]


class TablesSite(UnfoldAdminSite):
    """Redirects people who have not signed in to the sign-in page, and shows others without the right the 403 page.

    Django would redirect both to the sign-in page. That page redirects people who have signed in back here, and so the
    browser would go round in circles.
    """

    index_title = "系统管理"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Return a view that responds with 403 to a person who has signed in and may not open the site."""
        guarded: View = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return inner

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Change the viewer's own password, and record it in the audit log.

        A stranger at an open browser could guess the old password here. So a try waits for a turn like a try at the
        sign-in page, and django-axes counts it for the same pair of account and address and locks the pair.
        """
        if request.method != "POST":
            return super().password_change(request, extra_context)
        try:
            with guess(request), transaction.atomic():
                # Locked, so that two requests with the same old password are tried one after the other.
                account = User.objects.select_for_update().get(username=request.user.get_username())
                name = account.get_username()
                # For django-axes, which counts a wrong password here. Django's view checks it again for its form.
                authenticate(request, username=name, password=request.POST.get("old_password", ""))
                if getattr(request, "axes_locked_out", False):
                    return locked_out(request)
                response = super().password_change(request, extra_context)
                # Django's view redirects only after a change. A new hash alone proves nothing, because `authenticate`
                # replaces a hash that has old parameters.
                if response.status_code == HTTPStatus.FOUND:
                    AxesProxyHandler.reset_attempts(username=name, ip_address=client_address(request))
                    account.refresh_from_db(fields=["password"])
                    say_password_set(account, actor=name)
                return response
        except TooBusy:
            return too_busy(request)
