"""The data tables under /admin/, by django-unfold, under the same powers and scope as the console's own pages.

Django's own permissions count for nothing here: what an account may do follows from its role alone.
"""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import regions_of
from server_broker.attendance.models import DutyWindow
from server_broker.console.account_admin import AccountAdmin
from server_broker.console.queries import people_of, stations_of
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import Region


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
admin.site.register(User, AccountAdmin)
