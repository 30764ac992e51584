"""Mosquitto: its configuration, its access lists, and revocation that takes effect within seconds.

The broker passes messages on and stores nothing. The station journal (`server_broker.trust.journal`) decides which
stations may connect. A station may use only its own topics. Mosquitto's access list names them by patterns, and a small
plugin of ours (``plugin.c``) takes away what such a list can't: unknown stations, and every foreign SUBSCRIBE.
"""

from server_broker.broker.access import follows_journal, refresh
from server_broker.broker.config import LocalClient, local_client_settings, prepare, program
from server_broker.broker.list_keeper import ListKeeper
from server_broker.broker.local import cut_off, is_ready
from server_broker.broker.orders import restart, running_broker

__all__ = [
    "ListKeeper",
    "LocalClient",
    "cut_off",
    "follows_journal",
    "is_ready",
    "local_client_settings",
    "prepare",
    "program",
    "refresh",
    "restart",
    "running_broker",
]
