"""Have the units start by themselves when this machine boots again: ``python3 -m tests.rig.prepare_reboot``."""

import subprocess
from pathlib import Path

from tests.rig.station import PROGRAMS, install, systemctl

SHARES = ("repository", "environment", "site")
UNITS = ("cunhui-camera.socket", "cunhui-agent.service", "cunhui-kiosk.service")


def main() -> None:
    """Enable the units, and mount at boot what their programs are loaded from."""
    if not PROGRAMS.exists():
        install()
    with Path("/etc/fstab").open("a", encoding="ascii") as table:
        table.writelines(f"{share} /mnt/{share} 9p trans=virtio,msize=262144,ro 0 0\n" for share in SHARES)
    systemctl("enable", *UNITS)
    subprocess.run(["sync"], check=True)


if __name__ == "__main__":
    main()
