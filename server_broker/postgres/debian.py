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
    usable = [major for major in _majors("initdb") if major >= OLDEST_MAJOR]
    if not usable:
        raise ServiceError("没有安装 PostgreSQL：请运行 apt-get install postgresql")
    return _ROOT / str(max(usable)) / "bin"


def client_folder(server: int) -> Path:
    """Return the folder of the client programs to use with a server of major version ``server``.

    They read servers of their own version and older ones (pg_dump(1)).

    Raises:
        ServiceError: None that is installed is new enough.
    """
    usable = [major for major in _majors("pg_dump") if major >= server]
    if not usable:
        raise ServiceError(
            f"数据库是 PostgreSQL {server} 的，本机没有它的工具：apt-get install postgresql-client-{server}"
        )
    return _ROOT / str(min(usable)) / "bin"


def _majors(program: str) -> list[int]:
    folders = (path.parent.parent for path in _ROOT.glob(f"*/bin/{program}"))
    return [int(folder.name) for folder in folders if folder.name.isdecimal()]


def _of_version(major: int) -> Path:
    folder = _ROOT / str(major) / "bin"
    if (folder / "initdb").exists():
        return folder
    others = "、".join(str(other) for other in sorted(_majors("initdb")))
    missing = f"没有安装 PostgreSQL {major}：请运行 apt-get install postgresql-{major}"
    if not others:
        raise ServiceError(missing)
    raise ServiceError(
        f"数据库文件是 PostgreSQL {major} 的，本机装的是 {others}，读不了，也没有改动它。{missing}；"
        "软件源里没有它时，见《升级手册》“换 PostgreSQL 大版本”"
    )
