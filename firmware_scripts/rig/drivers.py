"""``./run rig drivers``: run the tests of drivers that need the kernel's devices, in an emulated machine that has them.

The machine has a screen (Bochs' display, by the kernel's DRM), a keyboard by uinput, a USB card reader of QEMU's, GPIO
lines with edges by gpio-sim, a V4L2 camera by vivid, libcamera's virtual camera, and a sound card by snd-aloop. The
tests are ``tests/rig``; each names its driver and what stands under it. Then the machine boots once more with the
station's units enabled, for the tests in ``tests/rig/rebooted``.
"""

import shutil
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, exit_code
from firmware_scripts.rig import gpio_sim, qemu, wheels
from firmware_scripts.rig.rootfs import machine

_REPOSITORY = Path(__file__).parents[2]
_PACKAGES = (
    *("libcamera-ipa", "python3-libcamera", "python3-prctl", "v4l-utils", "libgomp1"),
    *("pcscd", "libccid", "libpcsclite1"),
    *("alsa-utils", "opus-tools", "espeak-ng"),
    *("cage", "foot", "grim", "fonts-noto-cjk", "libpam-systemd", "login", "passwd"),
)
_TIMEOUT_S = 1_500.0
_NOT_EMULATED = [
    "a CSI camera and its tuning",
    "the Pi's own GPIO controller",
    "the firmware of real USB readers and cameras",
    "real time: an emulator's times say nothing about a Pi",
]

_ORDER = """\
set -u
for share in repository environment site; do
    mkdir -p /mnt/$share
    mountpoint -q /mnt/$share || mount -t 9p -o trans=virtio,msize=262144,ro $share /mnt/$share
done
modprobe -a uinput udmabuf
modprobe vivid n_devs=1
modprobe snd-aloop
mount -t configfs none /sys/kernel/config
insmod /mnt/order/gpio-sim.ko
udevadm settle
cd /mnt/repository
export PYTHONPATH=/mnt/repository:/mnt/environment:/mnt/site PYTHONDONTWRITEBYTECODE=1 CUNHUI_RIG=1
tests() {
    python3 -m pytest "$1" -q -p no:cacheprovider --timeout 120 -o junit_family=xunit1 \\
        --junitxml "/mnt/order/$2.xml" ${3-} >>/mnt/order/tests.log 2>&1
}
if [ -e /var/lib/rebooted ]; then
    tests tests/rig/rebooted rebooted
else
    tests tests/rig found --ignore=tests/rig/rebooted
    python3 -m tests.rig.prepare_reboot >>/mnt/order/tests.log 2>&1
    touch /var/lib/rebooted
    sync
    # At once, as when somebody pulls the plug. This service is not stopped by it, because its end powers off.
    reboot -ff
fi
"""


@dataclass(slots=True)
class Tried:
    """One driver: which stack was under it, how many tests there were, and how many of them did not pass."""

    stack: str
    cases: int = 0
    failed: int = 0


def main(options_given: list[str]) -> int:
    """Run the tests and report each driver."""
    options = arguments("./run rig drivers").parse_args(options_given)
    report = Report("rig drivers", seed=0)
    found = _run()
    drivers: list[Value] = [{"driver": driver, **asdict(one)} for driver, one in sorted(found.items())]
    result = report.finish(
        as_json=options.json,
        drivers=drivers,
        cases=sum(one.cases for one in found.values()),
        failed=sum(one.failed for one in found.values()),
        missing=not found,
        not_emulated=list(_NOT_EMULATED),
    )
    return exit_code(result, "failed", "missing", repeat="./run rig drivers")


def _run() -> dict[str, Tried]:
    made = machine(_PACKAGES)
    with tempfile.TemporaryDirectory(prefix="rig-") as name:
        order = Path(name)
        shutil.copy(gpio_sim.module(made.kernel_version), order)
        (order / "order.sh").write_text(_ORDER, encoding="utf-8")
        # This program's packages run in the machine too, because it has the same Python and processor.
        environment = next(Path(place) for place in sys.path if place.endswith("site-packages"))
        shares = {"order": order, "repository": _REPOSITORY, "environment": environment, "site": wheels.site()}
        reader = qemu.card_reader(order / "card.sock")
        tests, serial = order / "tests.log", order / "serial.log"
        qemu.run(made, shares=shares, log=serial, timeout_s=_TIMEOUT_S, devices=reader, reboots=True)
        if tests.exists():
            print(tests.read_text(encoding="utf-8"), file=sys.stderr)
        else:
            print(serial.read_text(encoding="utf-8", errors="replace")[-5_000:], file=sys.stderr)
        return results(order / "found.xml", order / "rebooted.xml")


def results(*files: Path) -> dict[str, Tried]:
    """Return what pytest's JUnit reports say, by driver. A skipped test proves nothing, so it counts as failed."""
    found: dict[str, Tried] = {}
    # A report that is not there is of a machine that did not come so far, and then nothing of it is proven.
    if not all(file.exists() for file in files):
        return found
    for case in (case for file in files for case in ElementTree.parse(file).iter("testcase")):  # noqa: S314 -- our own
        said = {one.get("name"): one.get("value") for one in case.iter("property")}
        name = said.get("driver") or str(case.get("classname"))
        one = found.setdefault(name, Tried(stack=said.get("stack") or "unknown"))
        one.cases += 1
        one.failed += any(case.find(what) is not None for what in ("failure", "error", "skipped"))
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
