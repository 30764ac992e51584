"""Take a board's outbox as it lies, by way of an export file: only the station's own program knows an outbox.

The rooms never import one another, so that program is run, on a copy that it makes itself; the file is not changed.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server_broker.ingest.carried_file import FileRefused

PROGRAM = Path(sys.executable).with_name("cunhui-agent")
LIMIT_S = 1_800
"""An outbox of years on a slow disk, salvaged on the way."""
_SQLITE = b"SQLite format 3\x00"
"""How an outbox begins (https://sqlite.org/fileformat2.html, 1.3); a damaged one is known by its name."""
_SUFFIX = ".db"


@contextmanager
def as_export(path: Path) -> Iterator[Path]:
    """Yield an export file made of an outbox, which is gone afterwards; any other file as it is.

    Raises:
        FileRefused: The outbox gives nothing that can be taken, or the station's program is not here.
    """
    if not _is_outbox(path):
        yield path
        return
    if not PROGRAM.is_file():
        raise FileRefused("是站点的记录文件：请先在装有站点程序的电脑上运行 cunhui-agent export --outbox")
    with tempfile.TemporaryDirectory(prefix="cunhui-outbox-") as folder:
        yield _exported(path, Path(folder))


def _is_outbox(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE or path.suffix == _SUFFIX
    except OSError:
        return False


def _exported(path: Path, folder: Path) -> Path:
    command = [str(PROGRAM), "export", "--outbox", str(path.absolute()), "--to", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)  # noqa: S603 -- our own program
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FileRefused(f"站点的记录文件没有整理出来（{type(error).__name__}）") from error
    made = list(folder.glob("*.cunhui"))
    if done.returncode != 0 or len(made) != 1:
        said = (done.stderr if done.returncode else done.stdout).strip().splitlines()
        raise FileRefused(f"站点的记录文件没有整理出来：{said[-1] if said else '原因不明'}")
    return made[0]
