"""Where Debian keeps PostgreSQL's programs."""

from pathlib import Path

from server_broker.platform.processes import ServiceError

OLDEST_MAJOR = 15
"""Debian 12 has it, and no older one is tested."""
_ROOT = Path("/usr/lib/postgresql")


def bin_folder(data: Path) -> Path:
    """Return the folder of PostgreSQL's programs: the version that made ``data``, or the newest one for a new cluster.

    Raises:
        ServiceError: PostgreSQL is not installed, or not in the version of ``data``.
    """
    # Another major version can't read the data, even if it is newer.
    made_by = data / "PG_VERSION"
    if made_by.exists():
        return _of_version(int(made_by.read_text(encoding="ascii")))
    majors = [int(folder.parent.name) for folder in _ROOT.glob("*/bin") if folder.parent.name.isdecimal()]
    usable = [major for major in majors if major >= OLDEST_MAJOR]
    if not usable:
        raise ServiceError("没有安装 PostgreSQL：请运行 apt-get install postgresql")
    return _of_version(max(usable))


def _of_version(major: int) -> Path:
    folder = _ROOT / str(major) / "bin"
    if not (folder / "initdb").exists():
        raise ServiceError(f"没有安装 PostgreSQL {major}：请运行 apt-get install postgresql-{major}")
    return folder
