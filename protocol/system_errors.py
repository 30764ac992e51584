"""Why the system refused something, in Chinese, for a technician or an operator who reads no English."""

import errno
import socket

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
    errno.ECONNRESET: "连接断了",
    errno.EHOSTUNREACH: "到不了那台机器",
    errno.ENETUNREACH: "没有网络",
    errno.EMFILE: "打开的文件太多",
    errno.ENFILE: "打开的文件太多",
    errno.ENOMEM: "内存不够",
    errno.ENODEV: "没有这个设备",
    errno.ENXIO: "没有这个设备",
    errno.ETIMEDOUT: "等得太久",
}


def os_cause(error: OSError) -> str:
    """Return in Chinese what happened; the system's own words if nobody knows better."""
    return os_cause_known(error) or error.strerror or str(error)


def os_cause_known(error: OSError) -> str | None:
    """Return in Chinese what happened; None for an error that has no words here."""
    if isinstance(error, socket.gaierror):  # its numbers are not those of errno
        return "查不到这个名字的地址"
    if isinstance(error, TimeoutError):  # a socket's own timeout has no number
        return _BY_ERRNO[errno.ETIMEDOUT]
    return _BY_ERRNO.get(error.errno or 0)
