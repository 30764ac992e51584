"""Find the plugin that narrows what stations may do at Mosquitto (``plugin_source``, in C).

In a checkout it is compiled first.
"""

import os
import shlex
import subprocess
from pathlib import Path

from server_broker.platform.processes import ServiceError

_SOURCES = Path(__file__).with_name("plugin_source")
_BUILT = _SOURCES.parent / "compiled" / "plugin.so"
"""In a folder of its own, because Python would take a file of this kind beside its modules for one of them."""
_FLAGS = ("-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared")


def plugin_file() -> Path:
    """Return the compiled plugin.

    A package brings it compiled. A checkout compiles it once, and again when its source has changed.

    Raises:
        ServiceError: It can't be compiled.
    """
    # A package has no source, so nothing is compiled there whatever the times of its files are.
    newest = max((source.stat().st_mtime for source in _SOURCES.glob("*.[ch]")), default=0.0)
    if not _BUILT.exists() or _BUILT.stat().st_mtime < newest:
        compile_plugin()
    return _BUILT


def compile_plugin() -> None:
    """Compile the plugin, with the flags of the environment (``CFLAGS``, ``LDFLAGS``) as Debian sets them.

    Raises:
        ServiceError: There is no compiler, or Mosquitto's headers are missing.
    """
    # Beside it and renamed, because several processes may compile it at the same time.
    _BUILT.parent.mkdir(exist_ok=True)
    unfinished = _BUILT.with_name(f".{_BUILT.name}.{os.getpid()}")
    flags = (*shlex.split(os.environ.get("CFLAGS", "-O2")), *_FLAGS)
    sources = sorted(str(source) for source in _SOURCES.glob("*.c"))
    command = ["gcc", *flags, "-o", str(unfinished), *sources, *shlex.split(os.environ.get("LDFLAGS", ""))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
        said = done.stderr
    except FileNotFoundError as error:
        said = str(error)
    if not unfinished.exists():
        raise ServiceError(
            f"消息服务的插件编译不了。请运行 apt-get install gcc mosquitto-dev libmosquitto-dev：{said[-500:]}"
        )
    unfinished.replace(_BUILT)
