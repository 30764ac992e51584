"""The data tables under /admin/, by django-unfold. The same powers and scopes apply as on the console's own pages.

Django's own permissions are not used. Only an account's role decides what it may do.
"""

import django.contrib.auth.admin  # noqa: F401 -- registers the table of groups, which is taken away below
import django_otp.plugins.otp_totp.admin  # noqa: F401 -- registers the table of second factors, taken away below
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_totp.models import TOTPDevice

from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import regions_of
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.times import times
from server_broker.console.account_admin import AccountAdmin
from server_broker.console.queries import people_of, stations_of
from server_broker.console.table_filters import OfferedFilters
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.rosters.changes import days


class ReadOnly(OfferedFilters):
    """A table that is only shown. Its rows are changed on the console's own pages and by Excel files."""

    power = Power.MANAGE_ACCOUNTS
    actions = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the table is listed."""
        return may(request.user, self.power)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the viewer may look at rows."""
        return may(request.user, self.power)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return False."""
        return False


@admin.register(Region)
class RegionAdmin(ReadOnly):
    """Regions in the viewer's scope."""

    list_display = ("code", "name")
    search_fields = ("code", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Region]:
        """Return the rows in the viewer's scope."""
        return regions_of(request.user)


@admin.register(Person)
class PersonAdmin(ReadOnly):
    """People in the viewer's scope."""

    list_display = ("number", "name", "village")
    list_select_related = ("village",)
    search_fields = ("number", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        """Return the rows in the viewer's scope."""
        return people_of(request.user)


@admin.register(Station)
class StationAdmin(ReadOnly):
    """Stations in the viewer's scope."""

    list_display = ("id", "name", "village", "enrolled_at", "revoked_at")
    list_select_related = ("village",)
    search_fields = ("id", "name")
    fields = list_display

    def get_queryset(self, request: HttpRequest) -> QuerySet[Station]:
        """Return the rows in the viewer's scope."""
        return stations_of(request.user)


@admin.register(DutyWindow)
class DutyWindowAdmin(ReadOnly):
    """Duty windows in the viewer's scope."""

    list_display = ("where", "called", "week", "hours")
    list_select_related = ("village",)
    fields = (*list_display, "who")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[DutyWindow]:
        """Return the rows in the viewer's scope, each with those of its people that the viewer sees.

        A person of another township may be on duty here, so a visible row does not make all its people visible.
        """
        windows = DutyWindow.objects.filter(village__in=regions_of(request.user)).order_by("village_id", "start")
        return windows.prefetch_related(Prefetch("people", people_of(request.user), to_attr="people_seen"))

    @admin.display(description="村", ordering="village_id")
    def where(self, window: DutyWindow) -> str:
        """Return its village."""
        return window.village.name

    @admin.display(description="名称", ordering="name")
    def called(self, window: DutyWindow) -> str:
        """Its name."""
        return window.name

    @admin.display(description="星期")
    def week(self, window: DutyWindow) -> str:
        """Its weekdays."""
        return days(window.weekdays)

    @admin.display(description="时间", ordering="start")
    def hours(self, window: DutyWindow) -> str:
        """From when to when."""
        return times(window.start, window.end)

    @admin.display(description="人员")
    def who(self, window: DutyWindow) -> str:
        """Return the people on duty then, as far as the viewer sees them."""
        people: list[Person] = window.people_seen  # type: ignore[attr-defined]  # by get_queryset
        return "、".join(f"{person.name}（{person.number}）" for person in people)


admin.site.unregister(Group)  # roles decide, not groups
admin.site.unregister(TOTPDevice)  # its page would show the secrets of second factors
admin.site.register(User, AccountAdmin)
