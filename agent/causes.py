"""Say in Chinese why something failed, for a technician who reads no English."""

from protocol.system_errors import os_cause_known

_BY_SQLITE_CODE = {
    5: "别的程序正占用着，也许站点程序已在运行",
    6: "别的程序正占用着，也许站点程序已在运行",
    8: "磁盘是只读的，或者没有权限",
    10: "磁盘读写出错",
    13: "磁盘满了",
    14: "打不开文件，也许没有权限",
}
"""By primary result code (https://sqlite.org/rescode.html): BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN."""


class Explained(Exception):
    """An error whose message is English, for the log, and which can also say in Chinese what happened.

    Attributes:
        says: Chinese, for people; empty if the error from which this one was raised knows better.
    """

    says = ""

    def __init__(self, message: str, *, says: str = "") -> None:
        super().__init__(message)
        self.says = says or type(self).says


def cause(error: BaseException) -> str:
    """Return in Chinese what happened; the error's own words if nobody knows better."""
    if isinstance(error, OSError) and (known := os_cause_known(error)):
        return known + (f"（{error.filename}）" if isinstance(error.filename, str) else "")
    if isinstance(error, Explained) and error.says:
        return error.says
    if isinstance(error.__cause__, OSError):
        return cause(error.__cause__)
    # apsw's errors carry SQLite's code. They are known by that alone, because this module must not load apsw.
    return _BY_SQLITE_CODE.get(getattr(error.__cause__, "result", 0), str(error))
