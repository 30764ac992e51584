"""The API as django-ninja has it: which addresses there are, how mistakes are told, and the OpenAPI document.

Nothing imports this module before the first request that a token opens (`server_broker.api.door`).
"""

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver
from django.urls.resolvers import RegexPattern
from ninja import NinjaAPI
from ninja.errors import ValidationError
from ninja.responses import NinjaJSONEncoder
from ninja.security import HttpBearer

from server_broker.api import due, people, places, requests, results, timesheets, touches, windows
from server_broker.api.asking import opened_of
from server_broker.api.refusals import Refused
from server_broker.api_tokens.opening import Opened

PREFIX = "/api/v1/"


class _AtTheDoor(HttpBearer):
    """Says in the OpenAPI document that a token is needed. The door has judged it."""

    def authenticate(self, request: HttpRequest, token: str) -> Opened:
        """Return what the door found."""
        return opened_of(request)


@cache
def _service() -> NinjaAPI:
    api = NinjaAPI(
        title="村慧接口",
        version="1",
        description="只读。时间都是 RFC 3339，带 +08:00。说明和例子见 docs/api.md。",
        docs_url=None,
        openapi_url=None,
        auth=_AtTheDoor(),
        urls_namespace="api-v1",
    )
    for room in (places, people, windows, due, touches, requests, results, timesheets):
        api.add_router("", room.router)

    @api.exception_handler(Refused)
    def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
        return api.create_response(request, {"detail": str(refusal)}, status=refusal.status)

    @api.exception_handler(ValidationError)
    def unread(request: HttpRequest, error: ValidationError) -> HttpResponse:
        # What was sent is not repeated: it may be anything.
        names = "、".join(dict.fromkeys(str(one["loc"][-1]) for one in error.errors))
        return api.create_response(request, {"detail": f"参数读不懂或缺少：{names}；写法见 docs/api.md"}, status=422)

    return api


@cache
def resolver() -> URLResolver:
    """Return what finds the view of an address below `PREFIX`."""
    patterns: Any = _service().urls[0]
    return URLResolver(RegexPattern(r"^"), patterns)


@cache
def document() -> bytes:
    """Return the OpenAPI document. It says nothing of the county, and so everybody may read it."""
    return json.dumps(_service().get_openapi_schema(path_prefix=PREFIX), cls=NinjaJSONEncoder).encode()
