"""The broker that the county uses: its private Mosquitto, or a RabbitMQ of its own that ``county.toml`` names.

Whoever enrols, revokes and looks after stations asks here and need not know which it is.
"""

import datetime as dt
import logging
from typing import Protocol

from server_broker.broker.county_client import prepare_password
from server_broker.broker.mosquitto import access, config, orders
from server_broker.broker.mosquitto.list_keeper import ListKeeper
from server_broker.broker.rabbit.keeper import RabbitKeeper, end_all_sessions, follow_roll, is_followed
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust.keys import prepare_client_certificate

_log = logging.getLogger(__name__)


class Keeper(Protocol):
    """Compares the broker with the journal again and again, and completes what is missing."""

    problem: str
    """Chinese: why the broker does not follow the journal. Empty if it does."""

    def look(self, *, now: dt.datetime) -> bool:
        """Compare, complete, and return whether anything had to change."""


def prepare(home: CountyHome, *, now: dt.datetime) -> None:
    """Make what the broker, or the county's clients at a broker of its own, need before they start.

    Raises:
        ServiceError: The county's keys or configuration are missing.
    """
    if read_config(home).broker is None:
        config.prepare(home, now=now)
        return
    prepare_password(home)
    prepare_client_certificate(home, now=now)


def keeper(home: CountyHome) -> Keeper:
    """Return what the county's chores ask to look."""
    rabbit = read_config(home).broker
    return ListKeeper(home) if rabbit is None else RabbitKeeper(home, rabbit)


def refresh(home: CountyHome, *, now: dt.datetime) -> bool:
    """Have the broker let in whom the journal allows and nobody else.

    Returns:
        Whether it is known to let in nobody else. At RabbitMQ users may still be missing: its keeper makes them.

    Raises:
        OSError: Mosquitto's lists could not be written.
        ServiceError: ``county.toml`` cannot be read, or keys or the password for Mosquitto's lists are missing.
    """
    rabbit = read_config(home).broker
    if rabbit is None:
        return access.refresh(home, now=now)
    try:
        follow_roll(home, rabbit)
    except ServiceError as error:
        _log.error("RabbitMQ does not follow the journal yet: %s", error)
        return False
    return True


def follows_journal(home: CountyHome) -> bool:
    """Tell whether the broker runs and lets in exactly the stations that the journal allows."""
    rabbit = read_config(home).broker
    return access.follows_journal(home) if rabbit is None else is_followed(home, rabbit)


def may_have_sessions(home: CountyHome) -> bool:
    """Tell whether stations may be connected. A broker of the county's own may run although it does not answer us."""
    return read_config(home).broker is not None or orders.running_broker(home) is not None


def reconnect_all(home: CountyHome) -> bool:
    """Have every station connect again; return whether that worked."""
    rabbit = read_config(home).broker
    if rabbit is None:
        return orders.restart(home)
    try:
        end_all_sessions(home, rabbit)
    except ServiceError as error:
        _log.error("the sessions at RabbitMQ go on: %s", error)
        return False
    return True
