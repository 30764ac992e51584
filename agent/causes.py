"""Say in Chinese why something failed, for a technician who reads no English."""

import errno

_BY_ERRNO = {
    errno.ENOENT: "没有这个文件或文件夹",
    errno.EACCES: "没有权限",
    errno.EPERM: "不允许",
    errno.ENOSPC: "磁盘满了",
    errno.EDQUOT: "磁盘满了",
    errno.EROFS: "磁盘是只读的",
    errno.EIO: "磁盘读写出错",
    errno.EISDIR: "这是文件夹，不是文件",
    errno.ENOTDIR: "路径中间有一段不是文件夹",
    errno.ENAMETOOLONG: "路径太长",
    errno.ELOOP: "链接绕成了圈",
    errno.EBUSY: "正被占用",
    errno.EAGAIN: "正被占用",
    errno.EADDRINUSE: "地址正被别的程序占用",
    errno.ECONNREFUSED: "没有程序在听",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.ENOMEM: "内存不够",
    errno.ENODEV: "没有这个设备",
    errno.ENXIO: "没有这个设备",
    errno.ETIMEDOUT: "等得太久",
}
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
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        named = f"（{error.filename}）" if isinstance(error.filename, str) else ""
        return _BY_ERRNO[error.errno] + named
    if isinstance(error, Explained) and error.says:
        return error.says
    if isinstance(error.__cause__, OSError):
        return cause(error.__cause__)
    # apsw's errors carry SQLite's code. They are known by that alone, because this module must not load apsw.
    return _BY_SQLITE_CODE.get(getattr(error.__cause__, "result", 0), str(error))
