"""What a request does is recorded as coming from the address that it came from."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from server_broker.audit.log import coming_from

type Answer = Callable[[HttpRequest], HttpResponse]


class RecordSource:
    """Give audit entries the peer's address. Headers in which a client names another one count for nothing."""

    def __init__(self, get_response: Answer) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer within that address."""
        with coming_from(request.META.get("REMOTE_ADDR", "")):
            return self._get_response(request)
