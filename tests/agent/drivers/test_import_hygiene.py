"""Importing the rules loads no hardware, MQTT, HTTP or screen library."""

import subprocess
import sys

import pytest

from agent.config.catalogue import CAMERAS
from protocol.left_out import left_out

RULES = [
    *(
        "agent.timekeeping.clock",
        "agent.station.commands",
        "agent.config.station_config",
        "agent.station.core",
        "agent.clocking.desk",
        "agent.clocking.duty",
        "agent.kiosk.home_publisher",
    ),
    *(
        "agent.station.delegate",
        "agent.storage.fact_writer",
        "agent.kiosk.kiosk_socket",
        "agent.kiosk.learning",
        "agent.clocking.lifecycle",
        "agent.station.notify",
    ),
    *(
        "agent.kiosk.packs",
        "agent.storage.recent",
        "agent.identity.renewal",
        "agent.camera.snapshots",
        "agent.clocking.touch_history",
        "agent.twin",
    ),
]
FOREIGN = (
    "smartcard",
    "paho",
    "requests",
    "urllib3",
    "textual",
    "PIL",
    "gpiozero",
    "picamera2",
    "django",
    "evdev",
    "serial",
)


def loaded_by(*modules: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter has after importing."""
    return {name.partition(".")[0] for name in all_loaded_by(*modules)}


def all_loaded_by(*modules: str) -> set[str]:
    """Return the full names of the modules that a fresh interpreter has after importing."""
    program = f"import sys, {', '.join(modules)}; print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_rules_load_no_foreign_library() -> None:
    loaded = loaded_by(*RULES)
    assert "agent" in loaded
    assert loaded.isdisjoint(FOREIGN)


def test_choosing_a_camera_loads_no_library_of_pictures() -> None:
    """Only the camera's process loads them."""
    modules = [place.partition(":")[0] for place in CAMERAS.values()]
    assert loaded_by(*modules).isdisjoint(FOREIGN)


def test_no_driver_comes_with_the_rules() -> None:
    program = (
        f"import sys, {', '.join(RULES)}; print([name for name in sys.modules if name.startswith('agent.drivers')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_wiring_loads_only_what_every_station_uses() -> None:
    assert loaded_by("agent.wiring.assembly").isdisjoint(FOREIGN)


@pytest.mark.parametrize("module", ["agent.camera.camera_process", "agent.cli"])
def test_helpers_start_small(module: str) -> None:
    assert loaded_by(module).isdisjoint({*FOREIGN, "apsw", "cryptography"})


@pytest.mark.parametrize(
    ("driver", "library", "large"),
    [
        ("agent.drivers.mqtt", "paho.mqtt.client", {"urllib.request", "http.client", "email", "socks"}),
        ("agent.drivers.gpio_indicator", "gpiozero", {"importlib.metadata", "importlib.resources", "zipfile"}),
        ("agent.drivers.gpio_contact", "gpiozero", {"importlib.metadata", "importlib.resources", "zipfile"}),
        ("agent.drivers.wedge", "evdev", {"asyncio"}),
    ],
)
def test_a_driver_leaves_out_the_large_parts_of_its_library(driver: str, library: str, large: set[str]) -> None:
    """What a library has loaded stays in the agent's memory."""
    loaded = all_loaded_by(driver)
    assert library in loaded
    assert loaded.isdisjoint(large)


@pytest.mark.parametrize("module", ["urllib.request", "importlib.metadata", "asyncio"])
def test_what_a_driver_left_out_can_be_imported_later(module: str) -> None:
    drivers = "agent.drivers.mqtt, agent.drivers.gpio_indicator, agent.drivers.wedge"
    program = f"import {drivers}; import {module} as real; assert real.__spec__.origin.endswith('.py'), real"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_what_was_loaded_before_is_not_left_out() -> None:
    before = sys.modules["subprocess"]
    with left_out({"subprocess": None}):
        assert sys.modules["subprocess"] is before
    assert sys.modules["subprocess"] is before
