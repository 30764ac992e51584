"""Pages that refresh themselves: htmx asks the page's own address every 5 s and gets its live part."""

from django.http import HttpRequest


def page_template(request: HttpRequest, page: str) -> str:
    """Return the template of ``page``: the whole of it, or for a poll the part that lives."""
    is_poll = request.headers.get("HX-Request") == "true"
    return f"console/{'_' if is_poll else ''}{page}.html"
