"""Limit the number of requests that are handled at once, so that the county's other parts get database connections.

Under ASGI, Django gives each request a thread, and each thread opens a PostgreSQL connection. Without a limit, a client
with a hundred requests at once would take all connections, and the ingest workers would get none.
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
from server_broker.console.middleware import SecurityHeaders
from server_broker.console.places import Places
from server_broker.platform.network import network_source

AT_ONCE = 40
"""Most requests at the same time, each with at most one connection. PostgreSQL has 100 (``max_connections``)."""
OF_ONE = 24
"""Most requests of one address. This is more than its guesses at passwords can take, running and waiting together
(`server_broker.accounts.guesses`). So people behind a shared address still get pages while somebody there guesses."""
WAITING, WAITING_OF_ONE, PATIENCE_S = 1024, 256, 10.0


class FairHandler(ASGIHandler):
    """Django's handler, except that a request waits for a place after its body has arrived.

    A request holds its place until its view has returned and its connection is closed. A client that hangs up does not
    free the place earlier, and a client that reads the response slowly does not keep it longer.
    """

    def __init__(self, places: Places | None = None) -> None:
        super().__init__()
        self.places = places or Places(
            at_once=AT_ONCE, of_one=OF_ONE, waiting=WAITING, waiting_of_one=WAITING_OF_ONE, patience_s=PATIENCE_S
        )

    @override
    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response, or 503 if no place becomes free in time."""
        try:
            async with self.places.place(network_source(request.META.get("REMOTE_ADDR", ""))):
                work = asyncio.ensure_future(self._respond(request))
                try:
                    return await asyncio.shield(work)
                except asyncio.CancelledError:
                    # The client has gone, but the view's thread can't be stopped. It keeps its place until it ends.
                    await asyncio.wait({work})
                    raise
        except TooBusy:
            # The middleware did not run for this response, so the headers are added here.
            return SecurityHeaders(_too_busy_page)(request)

    async def _respond(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return await super().run_get_response(request)
        finally:
            # The place is given back only after this, because the next request opens a connection of its own.
            await sync_to_async(connections.close_all)()


def _too_busy_page(request: HttpRequest) -> HttpResponse:
    response = render(request, "503.html", status=503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response
