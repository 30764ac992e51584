"""Mosquitto: its configuration, its access lists, and revocation that bites.

The broker is a pipe and keeps nothing. Who may connect and what each may say follows from the station journal
(`server_broker.trust.journal`); a station may use its own topics, each named in full, and no others.
"""

from server_broker.broker.access import follows_journal, refresh, running_broker
from server_broker.broker.config import LocalClient, local_client_settings, prepare, program
from server_broker.broker.list_keeper import ListKeeper
from server_broker.broker.local import cut_off, is_ready

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
    "running_broker",
]
