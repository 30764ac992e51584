"""Answer requests in a bounded number of places, so that the web leaves the database to the county's other parts.

Django gives each request under ASGI a thread, and each thread a connection of PostgreSQL's. Without a bound one client
with a hundred requests at once takes every connection there is, and the intake finds none.
"""

import asyncio
from typing import override

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from server_broker.accounts.guesses import RETRY_AFTER_S, TooBusy
from server_broker.accounts.network import network_source
from server_broker.console.middleware import SecurityHeaders
from server_broker.console.places import Places

AT_ONCE = 40
"""Requests in work, each with one connection at most. PostgreSQL has 100 (``max_connections``)."""
OF_ONE = 24
"""Of one address: more than its guesses that are heard or wait (`server_broker.accounts.guesses`), so that the pages
of an address that many share come all the same."""
WAITING, WAITING_OF_ONE, PATIENCE_S = 1024, 256, 10.0


class FairHandler(ASGIHandler):
    """Django's handler, whose requests wait for a place once their body has come.

    A place is held until the work is done and its connection closed: neither a client that hangs up nor one that reads
    its answer slowly frees or keeps one.
    """

    def __init__(self, places: Places | None = None) -> None:
        super().__init__()
        self.places = places or Places(
            at_once=AT_ONCE, of_one=OF_ONE, waiting=WAITING, waiting_of_one=WAITING_OF_ONE, patience_s=PATIENCE_S
        )

    @override
    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the answer, or 503 where no place comes up."""
        try:
            async with self.places.place(network_source(request.META.get("REMOTE_ADDR", ""))):
                return await _to_the_end(asyncio.ensure_future(self._answer(request)))
        except TooBusy:
            return SecurityHeaders(_busy)(request)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return await super().run_get_response(request)
        finally:
            await sync_to_async(connections.close_all)()


async def _to_the_end[T](work: "asyncio.Future[T]") -> T:
    """Wait for ``work`` even when nobody wants it any more: its thread can't be stopped."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait({work})
        raise


def _busy(request: HttpRequest) -> HttpResponse:
    answer = render(request, "503.html", status=503)
    answer["Retry-After"] = str(RETRY_AFTER_S)
    return answer
