"""Record the actions of a request with the address that the request came from."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from server_broker.audit.log import coming_from

type GetResponse = Callable[[HttpRequest], HttpResponse]


class RecordSource:
    """Give audit entries the peer's address. Headers in which a client names another address are ignored."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Respond, with that address as the source of audit entries."""
        with coming_from(request.META.get("REMOTE_ADDR", "")):
            return self._get_response(request)
