"""A uvicorn whose event loop reports to systemd that it turns."""

from typing import override

import uvicorn

from server_broker.platform.service_manager import ServiceManager


class WatchedServer(uvicorn.Server):
    """Ready once it listens. A view that blocks the loop keeps the watchdog from being fed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._manager = ServiceManager()

    @override
    async def on_tick(self, counter: int) -> bool:
        # Not uvicorn's own ``callback_notify``: it goes by the wall clock, and stays away while that was set back.
        self._manager.alive()
        return await super().on_tick(counter)
