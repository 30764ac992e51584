"""Say in Chinese why the system refused something, for a technician who reads no English."""

import errno
import re

_OF_THE_SYSTEM = {
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
_OF_OUR_OWN = (
    (r"is locked|another process", "别的程序正占用着，也许站点程序已在运行"),
    (r"no room on the disk|disk is full", "磁盘满了"),
    (r"readonly database", "磁盘是只读的，或者没有权限"),
    (r"unable to open", "打不开文件，也许没有权限"),
    (r"disk I/O error", "磁盘读写出错"),
    (r"(\S+) is missing", r"缺少 \1"),
    (r"(\S+) holds no .*key", r"\1 里没有密钥"),
    (r"(\S+\.(?:pem|json)): .*", r"\1 内容不对"),
    (r"belongs to station '(.*)', this is '(.*)'", r"记录文件是站点 \1 的，本站是 \2"),
)
"""What our own parts and SQLite say in English, for the log, and what it comes to."""


def cause(error: BaseException) -> str:
    """Return in Chinese what an error comes to; its own words where nobody knows better."""
    if isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM:
        named = f"（{error.filename}）" if isinstance(error.filename, str) else ""
        return _OF_THE_SYSTEM[error.errno] + named
    if isinstance(error.__cause__, OSError):
        return cause(error.__cause__)
    for pattern, meaning in _OF_OUR_OWN:
        if found := re.search(pattern, str(error)):
            return found.expand(meaning)
    return str(error)
