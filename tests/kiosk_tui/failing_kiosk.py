"""``cunhui-kiosk`` with a fault: 7 raises, 8 hangs. For tests of what becomes of a kiosk that does."""

import threading
from typing import Any

from kiosk_tui import app, cli
from kiosk_tui.flow import Flow

_SECRET = "张示例 880001"


class FailingFlow(Flow):
    """A flow with a fault."""

    def key(self, key: Any, **how: Any) -> None:
        """Fail at 7, hang at 8."""
        if key == "7":
            raise ValueError(_SECRET)
        if key == "8":
            threading.Event().wait()
        super().key(key, **how)


if __name__ == "__main__":
    setattr(app, "Flow", FailingFlow)  # noqa: B010 -- it is no name that the module gives away
    raise SystemExit(cli.main())
