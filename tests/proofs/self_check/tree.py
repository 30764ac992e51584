"""A work tree of the commit under test, in which bugs may be planted without touching the real one."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[3]


class WorkTree:
    """``git worktree`` of HEAD in a temporary folder; a context manager."""

    def __init__(self) -> None:
        self._parent = Path(tempfile.mkdtemp(prefix="cunhui-planted-"))
        self.root = self._parent / "tree"

    def __enter__(self) -> "WorkTree":
        _git("worktree", "add", "--detach", str(self.root), "HEAD", cwd=ROOT)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _git("worktree", "remove", "--force", str(self.root), cwd=ROOT)
        shutil.rmtree(self._parent, ignore_errors=True)

    def reset(self) -> None:
        """Take every planted change back."""
        _git("checkout", "--force", "HEAD", "--", ".", cwd=self.root)

    def apply_patch(self, patch: Path) -> None:
        """Plant a bug.

        Raises:
            subprocess.CalledProcessError: The patch no longer fits: it must be renewed.
        """
        _git("apply", str(patch), cwd=self.root)

    def passes(self, command: list[str], *, timeout_s: float) -> bool:
        """Run ``python COMMAND`` in the tree and tell whether it exited 0 in time. A hang is a failure seen."""
        env = os.environ | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}
        env.pop("CUNHUI_HOME", None)
        child = subprocess.Popen(
            [sys.executable, *command],
            cwd=self.root,
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return child.wait(timeout=timeout_s) == 0
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 15)
            child.wait()
            return False


def _git(*arguments: str, cwd: Path) -> None:
    subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)
