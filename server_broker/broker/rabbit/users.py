"""RabbitMQ's users, as they follow from the roll of stations: one for each board, and one for the county's programs.

RabbitMQ has no revocation list. So a certificate names its board (`server_broker.trust.board_name`), the board is the
user, and whoever is revoked or replaced has no user any more. RabbitMQ ends the sessions of a user that is deleted.

A user without topic permissions may use every topic (https://www.rabbitmq.com/docs/4.0/access-control). So they are
given before the permission on the vhost, without which nobody gets in.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from protocol import topics
from server_broker.broker.county_client import OWN_USER
from server_broker.broker.rabbit.management import RabbitManagement
from server_broker.platform.shards import shard_of
from server_broker.trust.board_name import board_name, station_of
from server_broker.trust.journal import StationRoll

STATION_TAG = "cunhui-station"
COUNTY_TAG = "cunhui-county"
"""Tags of our users. Nobody else's user is touched. To RabbitMQ they mean nothing."""
EXCHANGE = "amq.topic"
"""Where MQTT's topics are, with dots in place of slashes (``mqtt.exchange``)."""
_QUEUE = "mqtt-subscription-"
"""How RabbitMQ's MQTT plugin begins the name of a session's queue; its client id follows, and ``qos0`` or ``qos1``."""
_PASSWORD_HASH = "rabbit_password_hashing_sha256"  # noqa: S105 - the name of the way, not a password
_SALT_BYTES = 4


@dataclass(frozen=True)
class Rights:
    """What a user may do, as regular expressions that RabbitMQ compares names with.

    Attributes:
        tag: `STATION_TAG` or `COUNTY_TAG`.
        configure: Queues that it may make and delete; what it may ``write`` and ``read`` is these and the exchange.
        publishes: Topics, with dots.
        hears: Topics and filters, with dots, and ``*`` for MQTT's ``+``.
    """

    tag: str
    configure: str
    publishes: str
    hears: str

    @property
    def uses(self) -> str:
        """What it may write and read."""
        return f"^({self.configure.removeprefix('^').removesuffix('$')}|{EXCHANGE.replace('.', '[.]')})$"


def station_rights(station: str, shards: Iterable[int]) -> Rights:
    """Return the rights of a station: its own topics by name, in the shards in which it may speak."""
    begin = f"^cunhui[.]1[.]({'|'.join(map(str, sorted(set(shards))))})[.]{station}[.]"
    return Rights(
        tag=STATION_TAG,
        configure=f"^{_QUEUE}{station}qos[01]$",
        publishes=f"{begin}({'|'.join(topics.UP)})$",
        hears=f"{begin}({'|'.join(topics.DOWN)})$",
    )


def county_rights() -> Rights:
    """Return the rights of the county's programs: they hear what stations send, and send to stations."""
    return Rights(
        tag=COUNTY_TAG,
        # A client id with a slash is no station's.
        configure=f"^{_QUEUE}county/.*qos[01]$",
        publishes=f"^cunhui[.]1[.][0-9]+[.][a-z0-9-]+[.]({'|'.join(topics.DOWN)})$",
        hears=f"^cunhui[.]1[.]([0-9]+|[*])[.]([a-z0-9-]+|[*])[.]({'|'.join(topics.UP)})$",
    )


@dataclass(frozen=True)
class Difference:
    """What RabbitMQ has otherwise than it should.

    Attributes:
        needless: Users of ours that nothing calls for: revoked stations and earlier boards.
        due: Users that are missing or have other rights, with those that they should have, the most urgent first: the
            county's own, without which no station is heard, and then boards, the one that was enrolled last first:
            in front of it a technician stands.
    """

    needless: list[str]
    due: dict[str, Rights]

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.needless or self.due)


def difference(management: RabbitManagement, roll: StationRoll, password: str) -> Difference:
    """Compare RabbitMQ's users with the roll.

    A station in doubt (`server_broker.trust.station_roll`) keeps its user if it has one, and gets none otherwise.
    """
    there = _users_there(management, password)
    due = {OWN_USER: county_rights()}
    live = roll.live(witnessed={station_of(name) for name in there})
    for station, known in reversed(live.items()):
        entry = known.enrolled
        due[board_name(station, entry.record_key)] = station_rights(station, {entry.shard, shard_of(station)})
    return Difference(
        needless=sorted(there.keys() - due.keys()),
        due={name: rights for name, rights in due.items() if there.get(name) != rights},
    )


def _users_there(management: RabbitManagement, password: str) -> dict[str, Rights | None]:
    """Return our users with their rights; None if these are not such as we give."""
    vhost = management.rabbit.vhost
    permissions = {one["user"]: one for one in management.get("vhosts", vhost, "permissions") or ()}
    by_topic = {
        one["user"]: one
        for one in management.get("vhosts", vhost, "topic-permissions") or ()
        if one["exchange"] == EXCHANGE
    }
    users = {}
    for user in management.get("users") or ():
        name, tags = user["name"], _tags(user["tags"])
        if not tags & {STATION_TAG, COUNTY_TAG} and name != OWN_USER:
            continue
        rights = _rights(tags, permissions.get(name), by_topic.get(name))
        may_sign_in = _is_password(user, password) if name == OWN_USER else not user.get("password_hash")
        users[name] = rights if may_sign_in else None
    return users


def _tags(told: Any) -> set[str]:
    return set(told.split(",") if isinstance(told, str) else told)


def _rights(tags: set[str], permission: Any, by_topic: Any) -> Rights | None:
    if len(tags) != 1 or permission is None or by_topic is None:
        return None
    rights = Rights(min(tags), permission["configure"], by_topic["write"], by_topic["read"])
    return rights if permission["write"] == permission["read"] == rights.uses else None


def _is_password(user: Any, password: str) -> bool:
    """Tell whether a user has this password: a salt, and the SHA-256 of salt and password."""
    if user.get("hashing_algorithm") != _PASSWORD_HASH:
        return False
    kept = base64.b64decode(user.get("password_hash") or "")
    salt, digest = kept[:_SALT_BYTES], kept[_SALT_BYTES:]
    return hmac.compare_digest(digest, hashlib.sha256(salt + password.encode()).digest())


def put_user(management: RabbitManagement, name: str, rights: Rights, password: str) -> None:
    """Make a user with these rights, or give it them. A station's has no password: it comes by its certificate."""
    vhost = management.rabbit.vhost
    # An empty hash is no password: nobody can sign in by one (rabbit_auth_backend_internal).
    secret = {"password": password} if rights.tag == COUNTY_TAG else {"password_hash": ""}
    management.put("users", name, value=secret | {"tags": rights.tag})
    by_topic = {"exchange": EXCHANGE, "write": rights.publishes, "read": rights.hears}
    management.put("topic-permissions", vhost, name, value=by_topic)
    permission = {"configure": rights.configure, "write": rights.uses, "read": rights.uses}
    management.put("permissions", vhost, name, value=permission)


def users_connected(management: RabbitManagement) -> set[str]:
    """Return the users that have a connection, as RabbitMQ's statistics say it: some seconds late."""
    return {one["user"] for one in management.get("connections", query="?columns=user") or () if "user" in one}
