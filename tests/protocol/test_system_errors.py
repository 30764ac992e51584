"""What the system refused is said in Chinese, also by the errors of sockets that have no number of errno."""

import errno
import socket

import pytest

from protocol.system_errors import os_cause


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘满了"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"), "查不到这个名字的地址"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "查不到这个名字的地址"),
        (TimeoutError("timed out"), "等得太久"),
    ],
)
def test_each_has_its_words(error: OSError, said: str) -> None:
    assert os_cause(error) == said
