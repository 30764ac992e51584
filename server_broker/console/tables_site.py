"""The data tables under /admin/ as one site: for whom it opens, and what it is called."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from unfold.sites import UnfoldAdminSite

from server_broker.accounts.account_changes import say_password_set
from server_broker.accounts.models import User

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
        """Give the own account another password, and say so in the audit log."""
        with transaction.atomic():
            account = User.objects.select_for_update().get(username=request.user.get_username())
            before = account.password
            response = super().password_change(request, extra_context)
            account.refresh_from_db(fields=["password"])
            if account.password != before:
                say_password_set(account, actor=account.get_username())
        return response
