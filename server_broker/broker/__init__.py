"""The broker between stations and county: its configuration, who may connect, and revocation within seconds.

It passes messages on and stores nothing. The station journal (`server_broker.trust.journal`) decides which stations may
connect. A station may use only its own topics.

Usually the broker is a Mosquitto that the county runs (``mosquitto/``). Its access list names topics by patterns, and a
plugin of ours takes away what such a list can't: unknown stations, every foreign SUBSCRIBE, and what is beyond a
station's rate. It also paces what stations are sent, cuts who keeps the broker for itself, and tells the county's
workers whom it denied or cut. A county may name a RabbitMQ of its own instead (``rabbit/``).
`server_broker.broker.chosen` is where the two part, and neither imports the other; what both stand on is beside it.
"""

from server_broker.broker.chosen import (
    Keeper,
    follows_journal,
    keeper,
    may_have_sessions,
    prepare,
    reconnect_all,
    refresh,
)
from server_broker.broker.county_client import CountyClient, county_client, cut_off, is_ready
from server_broker.broker.mosquitto.config import program
from server_broker.broker.mosquitto.list_keeper import ListKeeper
from server_broker.broker.mosquitto.orders import running_broker

__all__ = [
    "CountyClient",
    "Keeper",
    "ListKeeper",
    "county_client",
    "cut_off",
    "follows_journal",
    "is_ready",
    "keeper",
    "may_have_sessions",
    "prepare",
    "program",
    "reconnect_all",
    "refresh",
    "running_broker",
]
