"""Make the drivers that a station's configuration names."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from agent.camera.camera_line import ServedCamera, SpawnedCamera
from agent.camera.camera_protocol import CameraStart
from agent.camera.camera_worker import CameraWorker
from agent.config.catalogue import INDICATORS, INPUTS, MACHINES, READERS, SPEAKERS, driver
from agent.config.station_config import ChosenDriver, StationConfig
from agent.drivers.modem_time import ModemManagerTime, SerialModemTime
from agent.drivers.rtc import Rtc
from agent.inbox import Inbox
from agent.inputs.watched_devices import WatchedKeyboards
from agent.ports import CardReader, Contact, HostMachine, Indicator, TimeHint
from agent.station.core import EventSource
from agent.storage.blobs import BlobStore
from agent.wiring.ports import StationCamera, StationSpeaker


def reader(chosen: ChosenDriver) -> CardReader:
    """Make a card reader."""
    made: CardReader = _made(READERS, chosen)
    return made


def indicator(chosen: ChosenDriver) -> Indicator:
    """Make the lamp and beeper."""
    made: Indicator = _made(INDICATORS, chosen)
    return made


def contact(chosen: ChosenDriver) -> Contact:
    """Make a door contact or a motion sensor."""
    made: Contact = _made(INPUTS, chosen)
    return made


def machine(config: StationConfig) -> HostMachine:
    """Make the driver that examines the machine."""
    seen: HostMachine = driver(MACHINES[config.machine.driver])(folder=config.folder, **config.machine.settings)
    return seen


def time_hints(config: StationConfig) -> list[TimeHint]:
    """Make the clocks that may know the time if NTP does not."""
    hints: list[TimeHint] = [Rtc(config.rtc)] if config.rtc else []
    if config.modem:
        modem = ModemManagerTime() if config.modem == "mmcli" else SerialModemTime(Path(config.modem))
        hints.append(modem)
    return hints


def camera(config: StationConfig, station: str, blobs: BlobStore, inbox: Inbox) -> StationCamera | None:
    """Make the thread that talks to the camera's process; None if there is no camera."""
    if config.camera is None:
        return None
    settings = dict(config.camera.settings)
    socket, spool = settings.pop("socket"), settings.pop("spool")
    start = CameraStart(config.camera.driver, settings, station, config.folder, Path(spool))
    connect = partial(ServedCamera, socket, start.arguments()) if socket else partial(SpawnedCamera, start.command())
    worker = CameraWorker(connect=connect, spool=spool, write=blobs.write, inbox=inbox)
    return StationCamera(config.camera.name, config.camera.driver == "simulated", worker)


def speaker(config: StationConfig) -> StationSpeaker | None:
    """Make the speaker, at rest; None if there is none."""
    if config.speaker is None:
        return None
    return StationSpeaker(config.speaker.name, _made(SPEAKERS, config.speaker))


def keyboards(config: StationConfig, inbox: Inbox) -> list[EventSource]:
    """Watch for strange keyboards, if the configuration says which are allowed or if a reader is a keyboard itself."""
    wedges = [(one.settings["usb"], one.settings["port"]) for one in config.readers if one.driver == "wedge"]
    if config.keyboards is None and not wedges:
        return []
    from agent.drivers.keyboard_watch import KeyboardWatch  # noqa: PLC0415 -- only where there are keyboards

    others = [(usb, "") for usb in config.keyboards or ()]
    return [WatchedKeyboards(KeyboardWatch(allowed=[*wedges, *others]), inbox)]


def _made(drivers: Mapping[str, str], chosen: ChosenDriver) -> Any:
    return driver(drivers[chosen.driver])(**chosen.settings)
