"""The page for an exception that nobody caught. While the database is away it asks the person to try again."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import get_template


def server_error(request: HttpRequest) -> HttpResponse:
    """Respond to an uncaught exception: with 503 while the database is away, otherwise with 500."""
    away = isinstance(sys.exception(), OperationalError | InterfaceError)
    # Rendered without the request: to read its session or account could fail with the same error again.
    body = get_template("console/error.html").render({"is_away": away})
    response = HttpResponse(body, status=503 if away else 500)
    if away:
        response["Retry-After"] = "10"
    return response
