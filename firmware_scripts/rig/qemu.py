"""Run a machine once, with some of our folders shared into it, until it powers off. No KVM is needed."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from firmware_scripts.rig.rootfs import EmulatedMachine

MEMORY_MIB = 2048


def run(
    machine: EmulatedMachine,
    *,
    shares: Mapping[str, Path],
    log: Path,
    timeout_s: float,
    devices: Sequence[str] = (),
    reboots: bool = False,
) -> None:
    """Boot, do what ``order.sh`` in the share ``order`` says, power off. The disk is as it was afterwards.

    Args:
        shares: Folders by their 9p mount tag; all but ``order`` are read-only in the machine.
        devices: What else it has, as options of QEMU's.
        reboots: It may boot again by itself; otherwise that ends it too.
        log: Gets what the machine says on its serial line.

    Raises:
        subprocess.TimeoutExpired: It did not power off; it was ended.
        subprocess.CalledProcessError: QEMU failed.
    """
    command = [
        *("qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"),
        *("-smp", "2", "-m", str(MEMORY_MIB), "-display", "none", "-serial", f"file:{log}"),
        *([] if reboots else ["-no-reboot"]),
        *("-kernel", str(machine.kernel), "-initrd", str(machine.initrd)),
        *("-append", "root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0 net.ifnames=0"),
        *("-drive", f"file={machine.disk},if=virtio,format=raw,snapshot=on", "-nic", "none"),
        *("-device", "virtio-rng-pci", *devices),
    ]
    for tag, folder in shares.items():
        readonly = "" if tag == "order" else ",readonly=on"
        command += ["-virtfs", f"local,path={folder},mount_tag={tag},security_model=none{readonly}"]
    subprocess.run(command, check=True, timeout=timeout_s, stdin=subprocess.DEVNULL)


def card_reader(socket: Path) -> list[str]:
    """Return a USB card reader, and a serial port of the machine, named ``card``, that plays the card in it.

    QEMU is both ends of ``socket``: the reader's card is whoever connects (QEMU: docs/ccid.txt).
    """
    return [
        *("-device", "qemu-xhci", "-device", "usb-ccid", "-device", "virtio-serial-pci"),
        *("-chardev", f"socket,id=slot,path={socket},server=on,wait=off", "-device", "ccid-card-passthru,chardev=slot"),
        *("-chardev", f"socket,id=card,path={socket}", "-device", "virtserialport,chardev=card,name=card"),
    ]
