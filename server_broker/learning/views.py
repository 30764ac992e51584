"""Serve pack files by their hash; downloads can be resumed. A pack is public, so there is no access check."""

import re
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server_broker.learning.models import LearningPack

_RANGE = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})", re.ASCII)


@require_safe
def pack_file(request: HttpRequest, sha256: str) -> HttpResponse:
    """Respond with a pack file, or with the requested byte range of it (RFC 9110, section 14)."""
    row = LearningPack.objects.filter(sha256=bytes.fromhex(sha256)).first()
    if row is None:
        raise Http404
    file = bytes(row.file)
    etag = f'"{sha256}"'
    wanted = request.headers.get("Range", "")
    fresh = request.headers.get("If-Range", etag) == etag
    response = _part(file, wanted) if wanted and fresh else HttpResponse(file)
    response["Content-Type"] = "application/octet-stream"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def _part(file: bytes, wanted: str) -> HttpResponse:
    """Return the requested range; the whole file if the header is no single byte range, as RFC 9110 allows."""
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or not (match[1] or match[2]):
        return HttpResponse(file)
    size = len(file)
    if match[1]:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    else:  # a suffix range, ``bytes=-N``: the last N bytes
        first, last = max(0, size - int(match[2])), size - 1
    if first > last:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response["Content-Range"] = f"bytes */{size}"
        return response
    response = HttpResponse(file[first : last + 1], status=HTTPStatus.PARTIAL_CONTENT)
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response
