"""Which filters an address under /admin/ may name: those that the table offers."""

from typing import Any

from django.http import HttpRequest
from unfold.admin import ModelAdmin


class OfferedFilters(ModelAdmin):
    """Refuses every other filter with the 400 page.

    Django lets an address name any look-up of the table's own columns. Among them are regular expressions: PostgreSQL
    refuses some, which would be an error page, and takes long over others.
    """

    def lookup_allowed(  # type: ignore[override]  # the stubs still allow no request
        self, lookup: str, value: str, request: HttpRequest
    ) -> bool:
        """Whether one of the table's own filters, as its links have it, is ``lookup``."""
        offered: Any = self.list_filter
        return lookup in {f"{field}__exact" for field in offered}
