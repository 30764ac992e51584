"""One version's county, in a process of its own: ``python -m … HOME SECRET`` in that version's folder.

The ingest is the version's own, on the PostgreSQL cluster in ``HOME``, which another version may have made.
"""

import logging
import os
import sys
from pathlib import Path

from tests.proofs.contract import pipes


def main() -> None:
    """Do what is asked until the pipe ends."""
    incoming, outgoing = pipes.standard()
    home = Path(sys.argv[1])
    (home / "static").mkdir(exist_ok=True)
    os.environ |= {"CUNHUI_HOME": str(home), "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
    import django  # noqa: PLC0415 - the settings must be named before

    django.setup()
    logging.getLogger().setLevel(logging.CRITICAL)
    from tests.proofs.contract.county_ingest import County  # noqa: PLC0415 - needs `django.setup`

    county = County(home, bytes.fromhex(sys.argv[2]))
    pipes.put(outgoing, "up")
    while True:
        try:
            asked, *arguments = pipes.get(incoming)
        except EOFError:
            return
        pipes.put(outgoing, getattr(county, asked)(*arguments))


if __name__ == "__main__":
    main()
