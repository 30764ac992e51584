"""Say in Chinese why the system refused a file, for an operator who reads no English."""

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
}


def os_cause(error: OSError) -> str:
    """Return in Chinese what happened; the system's own words if nobody knows better."""
    return _BY_ERRNO.get(error.errno or 0) or error.strerror or str(error)
