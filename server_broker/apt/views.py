"""``GET /apt/…``: the repository's files, for apt at the stations. They are public; what is in them is signed."""

import os
from collections.abc import AsyncIterator
from contextlib import closing
from http import HTTPStatus
from typing import BinaryIO

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from server_broker.apt.repository import KEY_FILE, PackageRepository
from server_broker.platform.byte_ranges import RangeNotSatisfiable, wanted_range

PIECE_BYTES = 65_536
RETRY_AFTER_S = 3_600


@require_safe
def file(request: HttpRequest, name: str) -> HttpResponseBase:
    """Respond with a file or a byte range of it (RFC 9110, section 14). While the operator holds, with 503."""
    repository = PackageRepository(settings.HOME)
    path = repository.file(name)
    if path is None:
        raise Http404
    if repository.held and name != KEY_FILE:
        return HttpResponse(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers={"Retry-After": str(RETRY_AFTER_S)},
            content_type="text/plain",
        )
    try:
        opened = path.open("rb")
    except FileNotFoundError as error:  # a later version took its place
        raise Http404 from error
    return _answer(request, opened)


def _answer(request: HttpRequest, opened: BinaryIO) -> HttpResponseBase:
    state = os.fstat(opened.fileno())
    etag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
    headers = {"ETag": etag, "Last-Modified": http_date(state.st_mtime), "Accept-Ranges": "bytes"}
    if request.headers.get("If-None-Match") == etag:
        opened.close()
        return HttpResponseNotModified(headers=headers)
    start, end, status = 0, state.st_size, HTTPStatus.OK
    if request.headers.get("If-Range", etag) in (etag, headers["Last-Modified"]):
        try:
            wanted = wanted_range(request.headers.get("Range", ""), size=state.st_size)
        except RangeNotSatisfiable:
            opened.close()
            headers["Content-Range"] = f"bytes */{state.st_size}"
            return HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
        if wanted is not None:
            (start, end), status = wanted, HTTPStatus.PARTIAL_CONTENT
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{state.st_size}"
    headers["Content-Length"] = str(end - start)
    content = _pieces(opened, start, end)
    return StreamingHttpResponse(content, status=status, headers=headers, content_type="application/octet-stream")


async def _pieces(opened: BinaryIO, start: int, end: int) -> AsyncIterator[bytes]:
    """Yield a file piece by piece, so that a slow station holds a file and no memory.

    It is read on the event loop: a piece takes no longer than any other file of the web's, and lies in the page cache.
    """
    with closing(opened):
        opened.seek(start)
        while start < end and (piece := opened.read(min(PIECE_BYTES, end - start))):
            start += len(piece)
            yield piece
