"""Pages for what went wrong. A county whose database is away says so and asks to try again."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer for an exception that nobody caught: 503 while the database is away, else 500."""
    away = isinstance(sys.exception(), OperationalError | InterfaceError)
    body = get_template("console/error.html").render({"is_away": away})
    response = HttpResponse(body, status=503 if away else 500)
    if away:
        response["Retry-After"] = "10"
    return response
