"""The data tables under /admin/ as one site: for whom it opens, and what it is called."""

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
from server_broker.accounts.views import locked_out, too_busy

type View = Callable[..., HttpResponseBase]


class TablesSite(UnfoldAdminSite):
    """Who has not signed in is led to the sign-in; who may not look gets the console's own 403 page.

    Django would lead both to the sign-in, which leads who is signed in back here, for ever.
    """

    index_title = "系统管理"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Guard a view of the site."""
        guarded: View = super().admin_view(view, cacheable)

        @wraps(guarded)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return inner

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Give the own account another password, and say so in the audit log.

        The old password is a guess like one at the sign-in: it waits for the same turns, and django-axes counts it for
        the same account and address and locks them.
        """
        if request.method != "POST":
            return super().password_change(request, extra_context)
        try:
            with guess(request), transaction.atomic():
                return self._changed_if_known(request, extra_context)
        except TooBusy:
            return too_busy(request)

    def _changed_if_known(self, request: HttpRequest, extra_context: Any) -> Any:
        account = User.objects.select_for_update().get(username=request.user.get_username())
        name = account.get_username()
        authenticate(request, username=name, password=request.POST.get("old_password", ""))
        if getattr(request, "axes_locked_out", False):
            return locked_out(request)
        response = super().password_change(request, extra_context)
        # Django's view leads on only after a change. The hash alone may also be a newer one of the old password.
        if response.status_code == HTTPStatus.FOUND:
            AxesProxyHandler.reset_attempts(username=name, ip_address=request.META.get("REMOTE_ADDR"))
            account.refresh_from_db(fields=["password"])
            say_password_set(account, actor=name)
        return response
