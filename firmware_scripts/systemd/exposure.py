"""Check that no unit is more exposed than it may be: ``python -m firmware_scripts.systemd.exposure [FOLDER]``.

The judge is ``systemd-analyze security --offline=true`` (systemd-analyze(1)): it reads the unit's file and needs no
running systemd. The exit status is 1 if a unit is more exposed than it may be; the output then names what is open.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from firmware_scripts.systemd.unit import FOLDER, settings

MOST = {
    "cunhui-agent.service": 1.5,
    "cunhui-camera@.service": 1.5,
    "cunhui-kiosk.service": 1.0,
    "cunhui-sound@.service": 1.5,
    "cunhui-update.service": 2.5,
    "cunhui-recover.service": 1.5,
    "county/cunhui-postgres.service": 1.0,
    "county/cunhui-prepare.service": 1.5,
    "county/cunhui-backup.service": 1.0,
    "county/cunhui-backup-copy.service": 1.0,
    "county/cunhui-backup-check.service": 1.0,
    "county/cunhui-broker.service": 1.5,
    "county/cunhui-broker-signal@.service": 1.0,
    "county/cunhui-ingest.service": 1.5,
    "county/cunhui-chores.service": 1.5,
    "county/cunhui-notifier.service": 1.5,
    "county/cunhui-web.service": 2.2,
    "county/cunhui-front-door.service": 1.5,
}
"""Highest exposure of each unit, 0 (none) to 10."""
_NOT_THE_CAMERAS = (
    *("/var/lib/cunhui", "/etc/cunhui", "/run/cunhui"),
    *("/run/cunhui-camera.sock", "/run/cunhui-sound.sock", "/run/pcscd", "/run/dbus"),
)
_NOT_THE_KIOSKS = (
    *("/var/lib/cunhui", "/var/spool/cunhui-camera", "/etc/cunhui"),
    *("/run/cunhui-camera.sock", "/run/cunhui-sound.sock", "/run/pcscd"),
)
_NOT_THE_PLAYERS = (
    *("/var/lib/cunhui", "/var/spool/cunhui-camera", "/etc/cunhui", "/run/cunhui"),
    *("/run/cunhui-camera.sock", "/run/cunhui-sound.sock", "/run/pcscd", "/run/dbus"),
)
MUST = {
    "cunhui-agent.service": {"Type": "notify", "Restart": "always", "User": "cunhui"},
    "cunhui-camera@.service": {
        "PrivateNetwork": "yes",
        "User": "cunhui-camera",
        "Group": "cunhui-camera",
        "InaccessiblePaths": " ".join(f"-{place}" for place in _NOT_THE_CAMERAS),
    },
    "cunhui-kiosk.service": {
        "User": "cunhui-kiosk",
        "Group": "cunhui-kiosk",
        "Restart": "always",
        "RestrictAddressFamilies": "AF_UNIX AF_NETLINK",
        "InaccessiblePaths": " ".join(f"-{place}" for place in _NOT_THE_KIOSKS),
    },
    "cunhui-sound@.service": {
        "PrivateNetwork": "yes",
        "User": "cunhui-sound",
        "Group": "cunhui-sound",
        "RestrictAddressFamilies": "AF_UNIX",
        "DeviceAllow": "char-alsa rw",
        "InaccessiblePaths": " ".join(f"-{place}" for place in _NOT_THE_PLAYERS),
    },
    "county/cunhui-postgres.service": {
        "User": "postgres",
        "PrivateNetwork": "yes",
        "KillSignal": "SIGINT",
        "TemporaryFileSystem": "/var/lib/cunhui-county:ro",
    },
    "county/cunhui-backup.service": {
        "User": "postgres",
        "PrivateNetwork": "yes",
        "TemporaryFileSystem": "/var/lib/cunhui-county:ro",
    },
    **{
        f"county/cunhui-backup-{what}.service": {"User": "cunhui-county", "PrivateNetwork": "yes"}
        for what in ("copy", "check")
    },
    "county/cunhui-broker.service": {
        "Type": "notify",
        "Restart": "always",
        "User": "mosquitto",
        "TemporaryFileSystem": "/var/lib/cunhui-county:ro",
    },
    **{
        f"county/cunhui-{part}.service": {"Type": "notify", "Restart": "always", "User": "cunhui-county"}
        for part in ("ingest", "chores", "notifier", "web", "front-door")
    },
}
"""What each unit must state whatever its exposure is. The camera's process has neither network nor keys nor outbox; the
kiosk has neither internet sockets nor keys nor outbox. The player has none of these, and no device but sound cards.
PostgreSQL and the broker see their own part of a county's folder and no more."""


class Unjudged(Exception):
    """systemd-analyze gave no score."""


def exposure(unit: Path) -> float:
    """Return a unit's overall exposure.

    Raises:
        Unjudged: The unit can't be read, or systemd-analyze is missing.
    """
    last = _analyze(unit).stdout.strip().rpartition("\n")[2]
    level = last.partition("exposure level for")[2].partition(":")[2].split()
    try:
        return float(level[0])
    except (IndexError, ValueError) as error:
        raise Unjudged(f"{unit.name}: {last or 'no answer'}") from error


def openings(unit: Path) -> list[str]:
    """Return what of a unit is exposed, worst first, in systemd's words."""
    rows: list[dict[str, Any]] = json.loads(_analyze(unit, "--json=short").stdout)
    scored = sorted(((float(row["exposure"] or 0), row) for row in rows), key=lambda pair: -pair[0])
    return [f"{score:.1f} {row['name']} {row['description']}" for score, row in scored if score]


def lacking(folder: Path, name: str) -> list[str]:
    """Return the settings that a unit must have and does not."""
    said = settings(folder / name)
    return [f"{key}={value}" for key, value in MUST.get(name, {}).items() if said.get(key) != [value]]


def _analyze(unit: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", *options, str(unit.resolve())]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True)
    except FileNotFoundError as error:
        raise Unjudged("systemd-analyze is not installed") from error
    except subprocess.CalledProcessError as error:
        raise Unjudged(f"{unit.name}: {error.stderr.strip()}") from error


def main(arguments: list[str]) -> int:
    """Judge every unit of the folder; return 1 if one is too exposed."""
    folder = Path(arguments[0]) if arguments else FOLDER
    failed = 0
    for name, most in MOST.items():
        level = exposure(folder / name)
        print(f"{name}: exposure {level}, at most {most}")
        lacks = [f"    must say {one}" for one in lacking(folder, name)]
        open_ = [f"    {opening}" for opening in openings(folder / name)] if level > most else []
        if lacks or open_:
            failed = 1
            print("\n".join(lacks + open_))
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
