"""The kernel's simulated GPIO chip (drivers/gpio/gpio-sim.c), which Debian's kernel leaves out, as a module.

It is built out of the kernel's own source. One line is changed: ``handle_simple_irq`` is not exported to modules,
``generic_handle_irq`` is, and does the same for these interrupts.
"""

import re
import shutil
import subprocess
import tarfile
from pathlib import Path

from firmware_scripts.rig.store import kept

_SOURCE = Path("/usr/src/linux-source-6.12.tar.xz")
_FILES = ("drivers/gpio/gpio-sim.c", "kernel/irq/irq_sim.c")
_MAKEFILE = """\
obj-m := gpio-sim.o
gpio-sim-y := gpio-sim-main.o irq_sim.o
ccflags-y += -DCONFIG_IRQ_SIM=1
"""


def module(kernel_version: str) -> Path:
    """Return ``gpio-sim.ko`` for a kernel whose headers are installed here."""
    folder = kept("gpio-sim", f"{kernel_version} {_MAKEFILE}", lambda into: _build(into, kernel_version))
    return folder / "gpio-sim.ko"


def _build(folder: Path, kernel_version: str) -> None:
    with tarfile.open(_SOURCE) as source:
        for name in _FILES:
            source.extract(f"linux-source-6.12/{name}", folder, filter="data")
    sources = folder / "linux-source-6.12"
    shutil.copy(sources / _FILES[0], folder / "gpio-sim-main.c")
    irq = (sources / _FILES[1]).read_text(encoding="utf-8")
    changed, times = re.subn(r"handle_simple_irq\(irq_to_desc\((.*)\)\);", r"generic_handle_irq(\1);", irq)
    # Another version of the kernel's source may need another change, so a surprise must stop the build.
    if times != 1:
        raise ValueError("irq_sim.c is not what it was: handle_simple_irq is not called once")
    (folder / "irq_sim.c").write_text(changed, encoding="utf-8")
    (folder / "Makefile").write_text(_MAKEFILE, encoding="utf-8")
    headers = Path(f"/usr/src/linux-headers-{kernel_version}")
    subprocess.run(["make", "--quiet", "-C", str(headers), f"M={folder}", "modules"], check=True)
    shutil.rmtree(sources)
