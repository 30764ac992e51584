"""What each Debian package has, beside the Python packages that its lock file names. This is the one list of it."""

from dataclasses import dataclass

UNITS = "usr/lib/systemd/system"
UDEV_RULES = "usr/lib/udev/rules.d"
POLKIT_RULES = "usr/share/polkit-1/rules.d"
PROMETHEUS = "usr/share/cunhui-county/prometheus"
SYSTEMD = "firmware_scripts/systemd"
"""Where the units lie in this repository."""


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """One binary package. Files are named as they lie in this repository.

    Attributes:
        rooms: Packages of ours that run where it is installed.
        programs: Commands in ``/usr/bin``.
        locks: The lock file by Debian's name of the architecture.
        from_debian: Python packages of Debian's that its environment sees beside its own, by architecture.
        files: The folder where each file goes, without the slash in front.
        sysusers, tmpfiles: Taken apart from ``files``, because debhelper makes maintainer scripts of them.
        guides: Patterns of the guides that its people read.
    """

    name: str
    rooms: tuple[str, ...]
    programs: tuple[str, ...]
    locks: dict[str, str]
    guides: tuple[str, ...]
    from_debian: dict[str, tuple[str, ...]]
    files: dict[str, str]
    sysusers: str | None = None
    tmpfiles: str | None = None

    @property
    def environment(self) -> str:
        """Where its virtual environment is, without the slash in front."""
        return f"usr/lib/{self.name}"


STATION = DebianPackage(
    name="cunhui-station",
    rooms=("protocol", "agent", "kiosk_tui"),
    programs=("cunhui-agent", "cunhui-kiosk"),
    locks={"amd64": "station.txt", "arm64": "station-arm64.txt"},
    guides=("装机手册-*.md", "村务大屏使用说明.md"),
    from_debian={"arm64": ("libcamera",)},
    files={
        f"{SYSTEMD}/cunhui-agent.service": UNITS,
        f"{SYSTEMD}/cunhui-camera.socket": UNITS,
        f"{SYSTEMD}/cunhui-camera@.service": UNITS,
        f"{SYSTEMD}/cunhui-kiosk.service": UNITS,
        f"{SYSTEMD}/cunhui-recover.service": UNITS,
        f"{SYSTEMD}/cunhui-update.service": UNITS,
        f"{SYSTEMD}/cunhui-update.timer": UNITS,
        f"{SYSTEMD}/cunhui-update-boot.timer": UNITS,
        "firmware_scripts/ota/station_update.py": "usr/lib/cunhui-station-update",
        f"{SYSTEMD}/cunhui-sound.socket": UNITS,
        f"{SYSTEMD}/cunhui-sound@.service": UNITS,
        f"{SYSTEMD}/70-cunhui-devices.rules": UDEV_RULES,
        f"{SYSTEMD}/70-cunhui-pcsc.rules": POLKIT_RULES,
        "docs/examples/station.toml": "usr/share/doc/cunhui-station/examples",
    },
    sysusers=f"{SYSTEMD}/cunhui.sysusers.conf",
    tmpfiles=f"{SYSTEMD}/cunhui.tmpfiles.conf",
)

COUNTY = DebianPackage(
    name="cunhui-county",
    # The kiosk's room draws for the county's editors what a question looks like.
    rooms=("protocol", "server_broker", "kiosk_tui"),
    programs=("cunhui-server",),
    locks={"amd64": "county.txt", "arm64": "county.txt"},
    # All of them: the console's 帮助 shows them to technicians and villages too.
    guides=("*.md",),
    from_debian={},
    files={
        f"{SYSTEMD}/county/cunhui-backup-check.service": UNITS,
        f"{SYSTEMD}/county/cunhui-backup-check.timer": UNITS,
        f"{SYSTEMD}/county/cunhui-backup-copy.service": UNITS,
        f"{SYSTEMD}/county/cunhui-backup-copy.timer": UNITS,
        f"{SYSTEMD}/county/cunhui-backup.service": UNITS,
        f"{SYSTEMD}/county/cunhui-backup.timer": UNITS,
        f"{SYSTEMD}/county/cunhui-broker-reload.path": UNITS,
        f"{SYSTEMD}/county/cunhui-broker-restart.path": UNITS,
        f"{SYSTEMD}/county/cunhui-broker-signal@.service": UNITS,
        f"{SYSTEMD}/county/cunhui-broker.service": UNITS,
        f"{SYSTEMD}/county/cunhui-chores.service": UNITS,
        f"{SYSTEMD}/county/cunhui-county.target": UNITS,
        f"{SYSTEMD}/county/cunhui-front-door.service": UNITS,
        f"{SYSTEMD}/county/cunhui-ingest.service": UNITS,
        f"{SYSTEMD}/county/cunhui-notifier.service": UNITS,
        f"{SYSTEMD}/county/cunhui-postgres.service": UNITS,
        f"{SYSTEMD}/county/cunhui-prepare.service": UNITS,
        f"{SYSTEMD}/county/cunhui-web.service": UNITS,
        "server_broker/metrics/prometheus/cunhui.rules.yml": PROMETHEUS,
        "server_broker/metrics/prometheus/cunhui-dashboard.json": PROMETHEUS,
    },
    sysusers=f"{SYSTEMD}/county/cunhui-county.sysusers.conf",
    tmpfiles=f"{SYSTEMD}/county/cunhui-county.tmpfiles.conf",
)

PACKAGES = {package.name: package for package in (COUNTY, STATION)}
