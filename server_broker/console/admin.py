"""The data tables under /admin/, by django-unfold, under the same powers and scope as the console's own pages.

Django's own permissions count for nothing here: what an account may do follows from its role alone.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import regions_of
from server_broker.attendance.models import DutyWindow
from server_broker.audit.log import Detail, record
from server_broker.console.queries import people_of, stations_of
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import Region

admin.site.site_header = "村慧 · 数据管理"
admin.site.site_title = "村慧"
admin.site.index_title = "数据表"


class ReadOnly(ModelAdmin):
    """A table to look at. Its contents change by the console's own pages and by Excel."""

    power = Power.MANAGE_ACCOUNTS
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed."""
        return may(request.user, self.power)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether rows may be looked at."""
        return may(request.user, self.power)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never."""
        return False


@admin.register(Region)
class RegionAdmin(ReadOnly):
    """Regions in the viewer's scope."""

    list_display = ("code", "name")
    search_fields = ("code", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Region]:
        """Cut to the scope."""
        return regions_of(request.user)


@admin.register(Person)
class PersonAdmin(ReadOnly):
    """People in the viewer's scope."""

    list_display = ("number", "name", "village")
    list_select_related = ("village",)
    search_fields = ("number", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """Cut to the scope."""
        return people_of(request.user)


@admin.register(Station)
class StationAdmin(ReadOnly):
    """Stations in the viewer's scope."""

    list_display = ("id", "name", "village", "enrolled_at", "revoked_at")
    list_select_related = ("village",)
    search_fields = ("id", "name")
    exclude = ("record_key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Station]:
        """Cut to the scope."""
        return stations_of(request.user)


@admin.register(DutyWindow)
class DutyWindowAdmin(ReadOnly):
    """Duty windows in the viewer's scope."""

    list_display = ("village", "name", "weekdays", "start", "end")
    list_select_related = ("village",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[DutyWindow]:
        """Cut to the scope."""
        return DutyWindow.objects.filter(village__in=regions_of(request.user))


admin.site.unregister(Group)
admin.site.unregister(TOTPDevice)  # its page would show secrets


@admin.register(User)
class AccountAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs alone
    """Accounts: made and closed by the system administrator, never deleted, each change in the audit log."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "role", "region", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username",)
    list_select_related = ("region",)
    autocomplete_fields = ("region",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("职责", {"fields": ("role", "region", "is_active", "is_staff")}),
        ("时间", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets: Any = ((None, {"fields": ("username", "role", "region", "password1", "password2")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Cut to the accounts of the viewer's scope, and those that have none yet."""
        accounts = super().get_queryset(request)
        return accounts.filter(region__in=regions_of(request.user)) | accounts.filter(region=None)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether accounts may be looked at."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whether accounts may be made."""
        return may(request.user, Power.MANAGE_ACCOUNTS)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """An administrator changes others, never the own account: nobody raises the own role."""
        return may(request.user, Power.MANAGE_ACCOUNTS) and (obj is None or obj.pk != request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Accounts are closed (is_active), so that the audit log keeps its names."""
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        """Save, and say so in the audit log."""
        super().save_model(request, obj, form, change)
        if not isinstance(obj, User):
            return
        detail: Detail = {
            "role": obj.role,
            "region": obj.region_id,
            "active": obj.is_active,
            "fields": ",".join(form.changed_data),
        }
        action = "account.changed" if change else "account.made"
        record(request.user.get_username(), action, obj.get_username(), detail)
