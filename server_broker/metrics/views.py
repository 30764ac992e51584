"""What is asked from outside: ``/metrics`` by token alone, ``/healthz`` and ``/readyz`` by anybody."""

from functools import cache

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from server_broker.accounts.scope import sees_county
from server_broker.api.door import check_request, opened_by, said
from server_broker.api.refusals import Refused
from server_broker.api_tokens.resources import METRICS
from server_broker.api_tokens.uses import count_use
from server_broker.metrics.collector import CountyCollector
from server_broker.metrics.readiness import Readiness
from server_broker.platform.processes import ServiceError

_PLAIN = "text/plain; charset=utf-8"


@csrf_exempt
@never_cache
@gzip_page
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics in the format that the client asks for (Prometheus text, or OpenMetrics 1.0)."""
    try:
        check_request(request)
        opened = opened_by(request, METRICS)
        if not sees_county(opened.viewer):
            raise Refused(403, "监控要用全县的令牌：请在“接口令牌”另做一个，区划选县")
        count_use(opened.token, METRICS, 0, now=timezone.now())
        return _collected(request)
    except Refused as refused:
        return said(refused)
    # Without a database no token can be judged, so strangers are told so too: `readyz` says the same.
    except DatabaseError:
        return HttpResponse("数据库现在连不上\n", content_type=_PLAIN, status=503)
    except ServiceError as error:
        return HttpResponse(f"{error}\n", content_type=_PLAIN, status=503)


def _collected(request: HttpRequest) -> HttpResponse:
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    registry = CollectorRegistry(auto_describe=False)
    registry.register(CountyCollector(settings.HOME))
    return HttpResponse(encode(registry), content_type=content_type)


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers. Nothing else is asked, no database either."""
    return HttpResponse("正常\n", content_type=_PLAIN)


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether the county works: 200, or 503 with the parts that do not. A stranger learns no reason."""
    failing = _readiness().failing()
    if failing:
        return HttpResponse(f"未就绪：{'、'.join(failing)}\n", content_type=_PLAIN, status=503)
    return HttpResponse("就绪\n", content_type=_PLAIN)


@cache
def _readiness() -> Readiness:
    return Readiness(settings.HOME)
