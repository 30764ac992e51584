"""账号 under /admin/: a system administrator makes and changes the accounts in its own scope.

Each change is written to the audit log. `server_broker.accounts.administration` decides which accounts and roles an
administrator may change.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern
from unfold.forms import AdminPasswordChangeForm

from server_broker.accounts.account_changes import save_changes, say_made, say_password_set
from server_broker.accounts.administration import accounts_of, given_roles, may_change
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import regions_of
from server_broker.console.account_forms import AccountAddForm, AccountChangeForm
from server_broker.console.queries import people_of
from server_broker.console.table_filters import OfferedFilters
from server_broker.platform.county_config import read_config

_NUMBER = r"[1-9][0-9]{0,17}"
"""An account's key in the URLs of its pages: at most 18 digits, because a `BigAutoField` holds these for certain."""

_WHOSE = "账号是谁本人的。一个人只能有一个在用的账号；本人离任后账号打不开，本人的事也不能由这个账号审批。"
FIRST_LINK_VALID = timedelta(hours=24)
_LINK_FOLLOWS = "不用填密码：保存后给您一个登录链接，交给本人；本人用它登录，自己设密码。"
_OTHER_ROLES = (
    "安全管理员和审计员不在这里开，免得一个人管全部：请在县服务器上运行 "
    "sudo cunhui-server account 账号 --role security（审计员写 auditor）。"
)
_OWN_ACCOUNT = "这是您自己的账号，自己不能改：请另一位系统管理员改。"
_CHANGED_ELSEWHERE = "这个账号在这里只能看：安全管理员、审计员和您管辖以外的账号，请在县服务器上改。"


class AccountAdmin(UserAdmin, OfferedFilters):  # type: ignore[type-arg]  # generic in the stubs alone
    """The table of accounts. They are closed, never deleted, because the audit log identifies people by their names."""

    form = AccountChangeForm
    add_form = AccountAddForm
    change_password_form = AdminPasswordChangeForm
    actions = None
    list_display = ("username", "role", "region", "person", "state", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    list_select_related = ("region", "person")
    autocomplete_fields = ("region", "person")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "shown")}),
        ("职责", {"fields": ("role", "region", "person", "is_active")}),
        ("时间", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets: Any = ((None, {"fields": ("username", "role", "region", "person"), "description": _LINK_FOLLOWS}),)

    def get_urls(self) -> list[URLPattern]:
        """Give each account a single URL, with its key in plain digits. Any other spelling is 404.

        Django unquotes the key in a URL (``_2B5`` is ``+5``) and accepts every text that Python reads as a number. With
        such a spelling, `_locked` could lock and check another row than the one that Django then changes.
        """
        patterns: list[URLPattern] = super().get_urls()
        for pattern in patterns:
            pattern.callback = _with_plain_key(pattern.callback)
        return patterns

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return the accounts in the viewer's scope. Django takes the account of every page from these."""
        return accounts_of(request.user).order_by("username")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that can't be edited. A name can be chosen only for a new account."""
        return self.readonly_fields if obj is None else ("username", *self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the page's fields. If the viewer may not change the account, the page says why."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or self.has_change_permission(request, obj):
            return fieldsets
        why = _OWN_ACCOUNT if obj.pk == request.user.pk else _CHANGED_ELSEWHERE
        replaced = {None: {"fields": ("username", "password")}, "职责": {"description": why}}
        return [(name, options | replaced.get(name, {})) for name, options in fieldsets]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        """Offer and accept only regions and people in the viewer's scope.

        A region is required, so that the account sees something. Django checks what was posted against the same
        querysets, so a forged form can't name another region or person.
        """
        if db_field.name == "region":
            kwargs |= {"queryset": regions_of(request.user), "required": True}
        if db_field.name == "person":
            kwargs |= {"queryset": people_of(request.user), "required": False, "help_text": _WHOSE}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        """Offer and accept only roles that the viewer may give."""
        if db_field.name == "role":
            kwargs["choices"] = [(role.value, role.label) for role in given_roles(request.user)]
            kwargs["help_text"] = _OTHER_ROLES
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @admin.display(description="状态", ordering="is_active")
    def state(self, account: User) -> str:
        """Return whether the account can be used, and what somebody should do about it."""
        if not account.is_active:
            return "已停用"
        return "在用" if account.is_open else "本人已离任，请停用"

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the table is listed."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the viewer may look at accounts. `get_queryset` decides at which ones."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return whether the viewer may make accounts."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the viewer may change ``obj``, or any account at all if ``obj`` is None."""
        if not isinstance(obj, User):
            return may(request.user, Power.MANAGE_ACCOUNTS)
        return may_change(request.user, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False: an account is closed (``is_active``) instead."""
        return False

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Make an account."""
        with _locked(request):
            return super().add_view(request, form_url, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show or change an account."""
        with _locked(request, int(object_id)):
            return super().change_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set an account's password."""
        with _locked(request, int(id)):
            account = self.get_object(request, id)
            before = account.password if account else None
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if account is None or request.method != "POST":
                return response
            # Django's view also responds here after it refused the password. Then the hash is still the same.
            account.refresh_from_db(fields=["password"])
            if account.password != before:
                say_password_set(account, actor=request.user.get_username())
                messages.warning(request, "请告诉本人：登录后到“我的账号”换成只有自己知道的密码。")
        return response

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save the account, and record it in the audit log in the same transaction (`_locked`)."""
        assert isinstance(obj, User)
        actor = request.user.get_username()
        if change:
            save_changes(obj, actor=actor)
            return
        obj.set_unusable_password()
        super().save_model(request, obj, form, change)
        say_made(obj, actor=actor)

    def response_add(self, request: HttpRequest, obj: User, post_url_continue: str | None = None) -> HttpResponse:
        """Show the link with which the account is used for the first time. It is stored nowhere and shown this once."""
        path = make_sign_in_link(obj, valid_for=FIRST_LINK_VALID, actor=request.user.get_username())
        link = f"{read_config(settings.HOME).console_url}{path}"
        words = f"请把这个登录链接交给 {obj.get_username()} 本人，24 小时内有效，只能用一次，离开本页就看不到了："
        messages.warning(request, f"{words}{link}")
        return super().response_add(request, obj, post_url_continue)


def _with_plain_key(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Respond with 404 instead of calling ``view`` if the key in the URL is not written in plain digits."""

    @wraps(view)
    def inner(request: HttpRequest, *args: Any, **keys: Any) -> HttpResponseBase:
        if not all(re.fullmatch(_NUMBER, key) for key in keys.values()):
            raise Http404
        return view(request, *args, **keys)

    return inner


@contextmanager
def _locked(request: HttpRequest, *accounts: int) -> Iterator[None]:
    """Lock the administrator's account and ``accounts`` while a POST is handled. A GET takes no locks.

    Under the lock the administrator's power is checked again. If two administrators close each other's accounts at the
    same moment, the first request succeeds, and the second is refused because its sender is closed by then.

    Raises:
        PermissionDenied: The administrator has lost the power meanwhile.
    """
    if request.method != "POST":
        yield
        return
    keys = {request.user.pk, *accounts}
    with transaction.atomic():
        # In the order of the keys, so that two administrators who change each other can't wait for each other for ever.
        locked = {user.pk: user for user in User.objects.select_for_update().filter(pk__in=keys).order_by("pk")}
        administrator = locked.get(request.user.pk or 0)
        if administrator is None or not may(administrator, Power.MANAGE_ACCOUNTS):
            raise PermissionDenied
        # Django's views ask this object for permissions. The one from the session was read before the lock.
        request.user = administrator
        yield
