"""``python -m kiosk_tui.session COMMAND ...``: see `kiosk_tui.session.session`."""

import sys

from kiosk_tui.session.session import main

if __name__ == "__main__":
    sys.exit(main())
