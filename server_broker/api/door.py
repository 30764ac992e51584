"""The API's door: who asks, whether their token opens what they ask for, and how often.

Everything is judged here before django-ninja is loaded, which takes 17 MB of the web process. So a county without
tokens, and strangers at its address, cost nothing.
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from server_broker.api.refusals import Refused
from server_broker.api_tokens.opening import NotOpened, Opened, OutOfScope, check_scope, open_token
from server_broker.api_tokens.resources import RESOURCES
from server_broker.bundles.rate import Rate
from server_broker.platform.network import network_source

if TYPE_CHECKING:
    from django.urls import URLResolver

DOCUMENT = "openapi.json"
OF_A_TOKEN = Rate(a_second=2, burst=120)
"""With 200 rows a page a program gets a county's 6,000 people at once, and after that 24,000 rows a minute."""
OF_AN_ADDRESS = Rate(a_second=20, burst=600)
"""Of an address with all its tokens, and with what is no token: nobody guesses 256 bits, but each try asks the
database."""
RETRY_AFTER_S = 30
_BEARER = re.compile(r"Bearer +(\S+)", re.ASCII | re.IGNORECASE)
_TOKEN_IN_ADDRESS = re.compile(r"cunhui_[0-9]+_|[?&](access_token|api_?key|authorization|token)=", re.IGNORECASE)


@csrf_exempt
def door(request: HttpRequest, rest: str) -> HttpResponseBase:
    """Answer one request with a page of a list, with the OpenAPI document, or with why not."""
    try:
        return _answer(request, rest)
    except Refused as refused:
        return said(refused)


def _answer(request: HttpRequest, rest: str) -> HttpResponseBase:
    check_request(request)
    if rest == DOCUMENT:
        return HttpResponse(_document(), content_type="application/json")
    if rest not in RESOURCES:
        raise Refused(404, f"没有这个地址：有 {'、'.join(RESOURCES)}")
    request.opened = opened_by(request, rest)  # type: ignore[attr-defined]  # for `server_broker.api.asking.opened_of`
    view = _resolver().resolve(rest)
    answer: HttpResponseBase = view.func(request, *view.args, **view.kwargs)
    return answer


def check_request(request: HttpRequest) -> None:
    """Check what can be judged of a request without its token.

    Raises:
        Refused: It wants to write, or it has a token in its address.
    """
    if _TOKEN_IN_ADDRESS.search(unquote_plus(request.get_full_path())):
        # Addresses are kept by proxies and in the histories of shells, so the secret is no secret any more.
        raise Refused(
            400, "令牌写在了网址里，可能已经泄露：请马上到“接口令牌”作废它，另做一个，放在请求头 Authorization 里"
        )
    if request.method != "GET":
        raise Refused(405, "接口只能读（GET）")


def opened_by(request: HttpRequest, scope: str) -> Opened:
    """Return what the request's token opens.

    Args:
        scope: What the token must be for, one of `server_broker.api_tokens.resources.SCOPES`.

    Raises:
        Refused: 401 without a valid token, 403 if it is not for this, 429 if it asks too often.
    """
    if not OF_AN_ADDRESS.allows(network_source(request.META.get("REMOTE_ADDR", ""))):
        raise Refused(429, "这个网络读得太快：请过半分钟再读")
    found = _BEARER.fullmatch(request.headers.get("Authorization", "").strip())
    if found is None:
        raise Refused(401, "没有令牌：请把它放在请求头里，写成 Authorization: Bearer 令牌")
    try:
        opened = open_token(found[1], now=timezone.now())
    except NotOpened as refusal:
        raise Refused(401, str(refusal)) from refusal
    if not OF_A_TOKEN.allows(str(opened.token.pk)):
        raise Refused(429, "这个令牌读得太快：请过半分钟再读")
    try:
        check_scope(opened, scope)
    except OutOfScope as refusal:
        raise Refused(403, str(refusal)) from refusal
    return opened


def said(refused: Refused) -> HttpResponse:
    """Return the response that tells a refusal."""
    answer = JsonResponse({"detail": str(refused)}, status=refused.status, json_dumps_params={"ensure_ascii": False})
    if refused.status == 401:
        answer["WWW-Authenticate"] = "Bearer"
    if refused.status == 405:
        answer["Allow"] = "GET"
    if refused.status == 429:
        answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _document() -> bytes:
    from server_broker.api.service import document  # noqa: PLC0415 - loads django-ninja

    return document()


def _resolver() -> "URLResolver":
    from server_broker.api.service import resolver  # noqa: PLC0415 - loads django-ninja

    return resolver()
