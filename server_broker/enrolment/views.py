"""``POST /enrol`` and ``POST /renew``: JSON of `protocol.enrolment` in, `Enrolled` or `NotEnrolled` out.

Before them, ``GET /ca.pem``.
"""

import functools
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from protocol.enrolment import MAX_REQUEST_BYTES, Enrolled, EnrolRequest, NotEnrolled, RenewRequest, decode_json
from protocol.refusal import Refused
from server_broker.accounts.guesses import RETRY_AFTER_S, TooBusy, guess
from server_broker.enrolment import admission
from server_broker.enrolment.claim_files import ca_text
from server_broker.enrolment.limit import RefusalLimit
from server_broker.enrolment.refusals import NotAdmitted, RefusalCode
from server_broker.platform.processes import ServiceError

log = logging.getLogger(__name__)

limit = RefusalLimit(time.monotonic)

_CODES: dict[str, RefusalCode] = {"too_large": "too_large", "unknown_version": "unknown_version"}


def _answered(handle: Callable[[HttpRequest], Enrolled]) -> Callable[[HttpRequest], HttpResponse]:
    """Turn the result or refusal of ``handle`` into JSON. A fault of database or disk becomes ``unavailable`` (503)."""

    @functools.wraps(handle)
    def view(request: HttpRequest) -> HttpResponse:
        try:
            return _json(200, handle(request))
        except NotAdmitted as refusal:
            log.warning("%s refused: %s", request.path, refusal.code)
            return _refused(refusal)
        except (OperationalError, InterfaceError, OSError, ServiceError) as error:
            log.error("%s failed: %s", request.path, error)
            return _refused(NotAdmitted("unavailable"))

    # Stations send no cookies, so there is no session that a foreign page could use.
    return csrf_exempt(view)


@_answered
def enrol(request: HttpRequest) -> Enrolled:
    """Enrol a new station, or a new board of a known one."""
    asked = _read(request, EnrolRequest)
    try:
        # The turn first: tries that wait in line must not use up the limit of others at the same address.
        with guess(request), _booked(str(request.META.get("REMOTE_ADDR", ""))):
            return admission.enrol(settings.HOME, asked, now=timezone.now())
    except TooBusy as error:
        raise NotAdmitted("busy") from error


@contextmanager
def _booked(address: str) -> Iterator[None]:
    """Count a try against the limit before it is handled. Only a refused claim stays counted."""
    if not limit.book(address):
        raise NotAdmitted("too_many_tries")
    was_wrong = False
    try:
        yield
    except NotAdmitted as refusal:
        was_wrong = refusal.code == "claim_refused"
        raise
    finally:
        if not was_wrong:
            limit.take_back(address)


@require_safe
def ca(request: HttpRequest) -> HttpResponse:
    """Give the county CA's certificate to a station that is set up, where two people compare its fingerprint."""
    try:
        return HttpResponse(ca_text(settings.HOME), content_type="application/x-pem-file")
    except ServiceError as error:
        log.error("the CA can't be read: %s", error)
        return HttpResponse(status=503)


@_answered
def renew(request: HttpRequest) -> Enrolled:
    """Give a known station its next certificate."""
    return admission.renew(settings.HOME, _read(request, RenewRequest), now=timezone.now())


def _read[T](request: HttpRequest, kind: type[T]) -> T:
    if request.method != "POST":
        raise NotAdmitted("method_not_allowed")
    try:
        # One byte more than is allowed, so that the decoder sees that the request is too large.
        return decode_json(request.read(MAX_REQUEST_BYTES + 1), kind)
    except Refused as error:
        raise NotAdmitted(_CODES.get(error.reason, "malformed")) from error


def _refused(refusal: NotAdmitted) -> HttpResponse:
    response = _json(refusal.status, NotEnrolled(reason=refusal.code, message=refusal.message))
    if refusal.code == "busy":
        response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def _json(status: int, content: msgspec.Struct) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(content), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"  # the response holds the card key
    return response
