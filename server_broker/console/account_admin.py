"""账号 under /admin/: made and closed by the system administrator within the own scope, each change audited."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern
from unfold.forms import AdminPasswordChangeForm

from server_broker.accounts.account_changes import save_changes, say_made, say_password_set
from server_broker.accounts.administration import accounts_of, given_roles, may_change
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import regions_of
from server_broker.console.account_forms import AccountAddForm, AccountChangeForm
from server_broker.console.table_filters import OfferedFilters

_NUMBER = r"[1-9][0-9]{0,17}"
"""An account's key as its pages' addresses have it: at most 18 digits, which a `BigAutoField` holds."""

_OWN_ACCOUNT = "这是您自己的账号，自己不能改：请另一位系统管理员改。"
_CHANGED_ELSEWHERE = "这个账号在这里只能看：安全管理员、审计员和您管辖以外的账号，请在县服务器上改。"


class AccountAdmin(UserAdmin, OfferedFilters):  # type: ignore[type-arg]  # generic in the stubs alone
    """Accounts are closed and never deleted, so that the audit log keeps its names."""

    form = AccountChangeForm
    add_form = AccountAddForm
    change_password_form = AdminPasswordChangeForm
    actions = None
    list_display = ("username", "role", "region", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    list_select_related = ("region",)
    autocomplete_fields = ("region",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "shown")}),
        ("职责", {"fields": ("role", "region", "is_active")}),
        ("时间", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets: Any = ((None, {"fields": ("username", "role", "region", "password1", "password2")}),)

    def get_urls(self) -> list[URLPattern]:
        """Let an account have one address: its key in plain digits.

        Django unquotes what stands in the address (``_2B5`` is ``+5``) and takes whatever Python reads as a number.
        What is locked and audited would then be told apart from what is changed.
        """
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            pattern.callback = _found_by_number(pattern.callback)
        return patterns

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Cut to the accounts of the viewer's scope. Every page of one account begins here."""
        return accounts_of(request.user).order_by("username")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A name is chosen once."""
        return self.readonly_fields if obj is None else ("username", *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say on a page to look at why nothing can be changed on it; what only a form needs is not on it."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        why = _OWN_ACCOUNT if obj.pk == request.user.pk else _CHANGED_ELSEWHERE
        told = {None: {"fields": ("username", "password")}, "职责": {"description": why}}
        return [(name, options | told.get(name, {})) for name, options in fieldsets]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        """Offer and take only regions that the viewer sees: every account made here sees something."""
        if db_field.name == "region":
            kwargs |= {"queryset": regions_of(request.user), "required": True}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """Offer and take only roles that the viewer may give."""
        if db_field.name == "role":
            kwargs["choices"] = [(role.value, role.label) for role in given_roles(request.user)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether accounts may be looked at; which, says `get_queryset`."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether accounts may be made."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether ``obj``, or some account, may be changed."""
        if not isinstance(obj, User):
            return may(request.user, Power.MANAGE_ACCOUNTS)
        return may_change(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: accounts are closed (is_active)."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Make an account."""
        with _alone(request):
            return super().add_view(request, form_url, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or change an account."""
        with _alone(request, int(object_id)):
            return super().change_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Give an account another password."""
        with _alone(request, int(id)):
            account = self.get_object(request, id)
            before = account.password if account else None
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if account is None or request.method != "POST":
                return response
            account.refresh_from_db(fields=["password"])
            if account.password != before:
                say_password_set(account, actor=request.user.get_username())
        return response

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save, and say so in the audit log."""
        assert isinstance(obj, User)
        actor = request.user.get_username()
        if change:
            save_changes(obj, actor=actor)
            return
        super().save_model(request, obj, form, change)
        say_made(obj, actor=actor)


def _found_by_number(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Answer 404 before ``view`` looks, where a key in the address is none."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **keys: Any) -> HttpResponseBase:
        if not all(re.fullmatch(_NUMBER, key) for key in keys.values()):
            raise Http404
        return view(request, *args, **keys)

    return inner


@contextmanager
def _alone(request: HttpRequest, *accounts: int) -> Iterator[None]:
    """Answer a POST while nobody else changes the asking or the changed account.

    The right to ask is looked at once more, under the lock: of two administrators who close each other at the same
    moment the first is heard, and the second is no administrator any more.

    Raises:
        PermissionDenied: The administrator has lost the right meanwhile.
    """
    if request.method != "POST":
        yield
        return
    numbers = {request.user.pk, *accounts}
    with transaction.atomic():
        locked = {user.pk: user for user in User.objects.select_for_update().filter(pk__in=numbers).order_by("pk")}
        asking = locked.get(request.user.pk or 0)
        if asking is None or not may(asking, Power.MANAGE_ACCOUNTS):
            raise PermissionDenied
        request.user = asking
        yield
