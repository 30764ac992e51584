"""The names of MQTT topics: ``cunhui/1/SHARD/STATION/LEAF``. Both ends build and parse them here.

A station publishes on the leaves that go *up* and subscribes to those that come *down*. Nothing is retained. The shard
level lets several ingest workers divide the stations among them; by default there is one shard, 0.
"""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from protocol.refusal import Refused

type Up = Literal["birth", "facts", "compare", "blob", "asked", "vitals", "reported", "gone", "frame"]
type Down = Literal["welcome", "receipt", "match", "missing", "desired", "command"]

UP: tuple[Up, ...] = get_args(Up.__value__)
DOWN: tuple[Down, ...] = get_args(Down.__value__)
_LEAVES = frozenset((*UP, *DOWN))

PASSING: tuple[Up, ...] = ("frame",)
"""Messages that are shown and never stored, so the ingest worker does not subscribe to them."""

MAX_SHARD = 255
"""The same bound as in `protocol.enrolment.Broker`."""

_TOPIC = re.compile(r"cunhui/1/(0|[1-9][0-9]{0,2})/([a-z0-9][a-z0-9-]{3,31})/([a-z]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic."""

    shard: int
    station: str
    leaf: Up | Down


def topic(*, shard: int, station: str, leaf: Up | Down) -> str:
    """Build a topic name (MQTT 5.0, section 4.7).

    Raises:
        Refused: ``bad_topic`` when a part is not what `parse` would read back.
    """
    name = f"cunhui/1/{shard}/{station}/{leaf}"
    parse(name)
    return name


def parse(name: str) -> Topic:
    """Read a topic name.

    Raises:
        Refused: ``bad_topic``.
    """
    match = _TOPIC.fullmatch(name)
    if match is None or int(match[1]) > MAX_SHARD or match[3] not in _LEAVES:
        raise Refused("bad_topic", f"{name[:80]!r}")
    return Topic(shard=int(match[1]), station=match[2], leaf=match[3])


def frame_filter(station: str) -> str:
    """Return the topic filter under which the county hears the frames of one station, whatever its shard."""
    return f"cunhui/1/+/{station}/frame"


def county_filter(*, shard: int | None, leaf: Up) -> str:
    """Return the topic filter under which the county hears one leaf of every station of a shard; None: of all."""
    return f"cunhui/1/{'+' if shard is None else shard}/+/{leaf}"
