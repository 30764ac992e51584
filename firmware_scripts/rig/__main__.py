"""``./run rig NAME``: run something that needs another machine than this one."""

import sys

from firmware_scripts.rig import drivers
from firmware_scripts.rig.pi3 import run as pi3

_NAMES = {"drivers": drivers.main, "pi3": pi3.main}


def main(arguments: list[str]) -> int:
    """Run one of them."""
    name = arguments[0] if arguments else ""
    if name not in _NAMES:
        print(f"usage: ./run rig {' | '.join(_NAMES)} [--json]", file=sys.stderr)
        return 2
    return _NAMES[name](arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
