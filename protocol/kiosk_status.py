"""How the station is, on the kiosk socket: for a technician's program on the same machine, which is no screen."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.health import Health
from protocol.kiosk_line import Line
from protocol.units import ClockQuality, ShortText, WallMs

type LinkState = Literal["connected", "connecting", "offline"]

# Agent to kiosk.


class Status(Line, frozen=True, kw_only=True, omit_defaults=True, tag="status"):
    """How the station is, for a technician's program on the same machine: the vitals, and the state of the link."""

    station: ShortText
    wall: WallMs
    quality: ClockQuality
    link: LinkState
    software: ShortText
    waiting: Annotated[int, Meta(ge=0)]
    """Facts of any kind that have no receipt yet."""
    blobs_waiting: Annotated[int, Meta(ge=0)]
    disk_free_kib: Annotated[int, Meta(ge=0)]
    resident_kib: Annotated[int, Meta(ge=0)]
    health: Health
    month_bytes: Annotated[int, Meta(ge=0)] | None = None
    saving: list[ShortText] = []
    """What is not sent now because the month's data run short: ``blobs``, ``vitals``."""
    screen: bool = False
    """A kiosk is connected, so that people see something."""
    county_untold: bool = False
    """The county said on this connection that it does not know the time itself."""
    county_refuses: bool = False
    """As `protocol.kiosk.Home.county_refuses`."""
    identity_shared: bool = False
    """As `protocol.kiosk.Home.identity_shared`."""


# Kiosk to agent.


class AskStatus(Line, frozen=True, kw_only=True, tag="ask_status"):
    """A technician's program asks how the station is; the answer is `Status`."""
