"""Serve pack files by their hash; downloads can be resumed. A pack is public, so there is no access check."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from server_broker.learning.models import LearningPack
from server_broker.platform.byte_ranges import RangeNotSatisfiable, wanted_range


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


def _part(file: bytes, header: str) -> HttpResponse:
    size = len(file)
    try:
        wanted = wanted_range(header, size=size)
    except RangeNotSatisfiable:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response["Content-Range"] = f"bytes */{size}"
        return response
    if wanted is None:
        return HttpResponse(file)
    start, end = wanted
    response = HttpResponse(file[start:end], status=HTTPStatus.PARTIAL_CONTENT)
    response["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response
