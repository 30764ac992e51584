"""Run a command under what a unit forbids, by the kernel's own means: ``python -m … UNIT COMMAND``.

A service manager does more (mounts, users, devices). What is done here is what can break a program in the middle of its
work: system calls and kinds of sockets (seccomp(2), by libseccomp), capabilities, and memory that is both writable and
executable (PR_SET_MDWE). It ends with 1 where the unit does not say that it wants them.
"""

import ctypes
import os
import socket
import subprocess
import sys
from pathlib import Path

from firmware_scripts.systemd.unit import settings

_ALLOW, _EPERM = 0x7FFF0000, 0x00050001
_NOT_EQUAL, _EQUAL = 1, 4
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 24, 38, 65
_MDWE_REFUSE_EXEC_GAIN = 1
_LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")


class _Comparison(ctypes.Structure):
    """``struct scmp_arg_cmp`` (seccomp_rule_add(3))."""

    _fields_ = [
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    ]


def allowed_calls(unit: Path) -> set[str]:
    """Return the system calls that a unit's filter lets through: its lines allow, those with a ~ forbid again."""
    allowed: set[str] = set()
    for line in settings(unit)["SystemCallFilter"]:
        named = {call for group in line.removeprefix("~").split() for call in _calls(group)}
        allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def _calls(group: str) -> set[str]:
    if not group.startswith("@"):
        return {group}
    done = subprocess.run(["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True)
    lines = [line.strip() for line in done.stdout.splitlines()[1:]]
    return {call for line in lines if line and line[0] != "#" for call in _calls(line)}


def main(unit: Path, command: list[str]) -> None:
    """Give up all that the unit forbids, and then become the command."""
    said = settings(unit)
    wanted = {"CapabilityBoundingSet": "", "MemoryDenyWriteExecute": "yes", "NoNewPrivileges": "yes"}
    if any(said.get(name) != [value] for name, value in wanted.items()):
        sys.exit(1)
    calls = allowed_calls(unit)
    families = [getattr(socket, name) for name in said["RestrictAddressFamilies"][0].split()]
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(int(_LAST_CAPABILITY.read_text()) + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    _filter(calls, families)
    os.execvp(command[0], command)


def _filter(calls: set[str], families: list[int]) -> None:
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(_EPERM))
    for call in sorted(calls - {"socket"}):
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # a call that this machine has
            seccomp.seccomp_rule_add(context, _ALLOW, number, 0)
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in families:
        seccomp.seccomp_rule_add(context, _ALLOW, number, 1, _Comparison(0, _EQUAL, family, 0))
    if seccomp.seccomp_load(context) != 0:
        raise OSError("the filter was not taken")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
