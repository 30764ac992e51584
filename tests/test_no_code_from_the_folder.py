"""No program of ours loads Python code from the folder that it is started in: others may write there.

What lies in a county's folder may have come from a backup disk, and a station's folders are its services'.
"""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_STARTED = re.compile(r'sys\.executable, "-[mc]"|/python[0-9.]* (?!-P |-I )')
"""Python with a module, and without ``-P`` (leave the folder out of ``sys.path``) or ``-I``."""


@pytest.mark.parametrize("part", ["agent", "kiosk_tui", "protocol", "server_broker", "firmware_scripts/systemd"])
def test_python_is_started_without_the_folder_in_its_path(part: str) -> None:
    files = [path for path in (ROOT / part).rglob("*") if path.suffix in (".py", ".service", ".socket", ".timer")]
    assert files
    unsafe = [path.relative_to(ROOT) for path in files if _STARTED.search(path.read_text(encoding="utf-8"))]
    assert unsafe == []
