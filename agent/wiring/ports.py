"""What a station stands on. The product fills these ports with real drivers, a bench with fakes."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from random import Random
from typing import Protocol

from msgspec import Struct

from agent.camera.live_view import FrameTaker
from agent.camera.snapshots import PictureBlobs, PictureTaker
from agent.commands.log_sending import LogBlobs
from agent.commands.log_tail import LogTail
from agent.events import RenewalEnded
from agent.identity.county_keys import CountyKeys
from agent.inbox import Inbox
from agent.kiosk.county_lists import OfferedBundles
from agent.kiosk.packs import Fetch
from agent.kiosk.table import AskingKiosks
from agent.ports import CardReader, Contact, HostMachine, Indicator, Link, Speaker, TimeHint, TimeService
from agent.shelf.source import Source
from agent.station.core import EventSource
from agent.station.notify import Notifier
from agent.storage.outbox import Outbox
from agent.timekeeping.clock import StationClock
from agent.uplink.ports import BlobSource
from agent.vitals.last_update import Reverted
from protocol.facts import ContactKind


class StationBlobs(PictureBlobs, LogBlobs, BlobSource, Protocol):
    """The files that wait for the county, as all parts of a station use them together."""

    @property
    def waiting(self) -> int:
        """How many files wait."""


class StationKiosks(AskingKiosks, EventSource, Protocol):
    """The kiosks of the office."""

    @property
    def watched(self) -> bool:
        """Whether a kiosk with a screen is connected."""


class CameraThread(PictureTaker, FrameTaker, EventSource, Protocol):
    """Takes the station's pictures in the background."""


class StationCamera(Struct, frozen=True):
    """The camera of the office."""

    name: str
    simulated: bool
    thread: CameraThread


class StationSpeaker(Struct, frozen=True):
    """The speaker of the office."""

    name: str
    speaker: Speaker


class StationPorts(Struct, frozen=True, kw_only=True):
    """Everything that a station stands on: who it is, its files, its devices, its county, time and chance."""

    station: str
    village: str
    """The village's name until the county has told another one."""
    shard: int
    software: str
    card_key: bytes

    clock: StationClock
    """Not restored yet; the station restores it from its outbox."""
    chance: Callable[[], float]
    """Returns a number in [0, 1): it decides when random pictures are taken and how long the uplink waits."""
    random: Random
    """Draws the questions of the quiz."""
    inbox: Inbox
    notifier: Notifier
    log_tail: LogTail

    folder: Path
    """Where the station's files lie; the parts make folders of their own in it."""
    outbox: Outbox
    blobs: StationBlobs
    free_kib: Callable[[], int]
    """Returns the free room on the folder's disk."""
    written_kib: Callable[[], int | None]
    """Returns what was written to this disk since the machine started, or None if the kernel does not tell."""
    reverted: Callable[[], Reverted | None]
    """Returns the version of the package that was given up after the last update."""

    readers: Mapping[str, CardReader]
    """By the name that people and facts use, as are the contacts."""
    contacts: Mapping[str, Contact]
    sensors: Mapping[str, ContactKind]
    """Whether each of the contacts is a door contact or a motion sensor."""
    indicator: Indicator
    indicator_name: str
    camera: StationCamera | None
    keyboards: Sequence[EventSource]
    kiosks: StationKiosks
    machine: HostMachine
    time_service: TimeService
    time_hints: Sequence[TimeHint]

    county_keys: CountyKeys
    link: Link
    endpoints: int
    """How many ports of the broker ``link`` can try."""
    fetch: Fetch
    open_shelf_source: Callable[[], AbstractContextManager[Source]]
    """Opens the way to the county for one trip of the shelf."""
    renew: Callable[[int, bool], RenewalEnded]
    """Renews the certificate; see `agent.identity.renewal.Renewal`."""
    meters: Sequence[Callable[[], int]]
    """Each returns the bytes that one kind of connection has moved since the start, IP headers included."""
    speaker: StationSpeaker | None = None
    offered: OfferedBundles | None = None
    """The county's lists of people, where a bench has them elsewhere than on the shelf."""
