"""Import all modules of some rooms: ``ENVIRONMENT/bin/python -P imports.py ROOM ...``. Exit status 1: some can't be.

It runs in the build machine by a package's own Python, and imports nothing that is not in that package.
"""

import importlib
import os
import pkgutil
import sys
import tempfile
import traceback


def main(rooms: list[str]) -> int:
    """Import everything and say what can't be."""
    with tempfile.TemporaryDirectory() as folder:
        if "server_broker" in rooms:
            os.environ |= {"CUNHUI_HOME": folder, "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
            importlib.import_module("django").setup()
        failed = [name for name in _modules(rooms) if not _imported(name)]
    print(f"{', '.join(rooms)}: {len(failed)} modules can't be imported")
    return 1 if failed else 0


def _modules(rooms: list[str]) -> list[str]:
    found = list(rooms)
    for room in rooms:
        found += [one.name for one in pkgutil.walk_packages(importlib.import_module(room).__path__, f"{room}.")]
    return [name for name in found if not name.endswith(".__main__")]


def _imported(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001 -- whatever a module raises when it is imported is what is looked for
        traceback.print_exc()
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
