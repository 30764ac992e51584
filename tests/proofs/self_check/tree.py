"""A work tree of the commit under test, in which bugs may be planted without touching the real one."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Literal

ROOT = Path(__file__).resolve().parents[3]

type Verdict = Literal["passed", "failed", "hung", "broken"]
"""``failed``: it ran to its end and found something wrong. ``broken``: it did not get that far, so it proves
nothing."""

_LEASH = Path(__file__).with_name("leash.py")
_FAILED, _HUNG = 1, 124
_WORKTREES = Lock()
"""For git, which keeps one list of work trees."""


class WorkTree:
    """``git worktree`` of a commit in a temporary folder; a context manager."""

    def __init__(self, commit: str = "HEAD") -> None:
        self._commit = commit
        self._parent = Path(tempfile.mkdtemp(prefix="cunhui-planted-", dir="/tmp"))
        self._parent.chmod(0o755)
        self.root = self._parent / "tree"
        self._running: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __enter__(self) -> "WorkTree":
        try:
            with _WORKTREES:
                _git("worktree", "prune", cwd=ROOT)
                _git("worktree", "add", "--detach", str(self.root), self._commit, cwd=ROOT)
            self._refuse_other_code()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        with _WORKTREES:
            if self.root.exists():
                _git("worktree", "remove", "--force", str(self.root), cwd=ROOT)
        shutil.rmtree(self._parent, ignore_errors=True)

    def _refuse_other_code(self) -> None:
        """Make sure that runs use this tree's code, not that of an installed copy.

        Raises:
            RuntimeError: Another copy of the product comes first.
        """
        program = "import agent, kiosk_tui, protocol, server_broker as s; print(agent, kiosk_tui, protocol, s)"
        said = subprocess.run([sys.executable, "-c", program], cwd="/", env=self.environment, capture_output=True)
        if said.stdout.count(f"'{self.root}/".encode()) != 4:
            raise RuntimeError(f"the tree's code is not what runs in it: {said.stdout!r} {said.stderr!r}")

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which Python finds this tree's code first, wherever it is started."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CUNHUI_", "GIT_", "PYTEST_", "DJANGO_"))
        }
        return kept | {"PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"}

    def reset(self) -> None:
        """Take every planted change back, and delete everything that a run left."""
        _git("checkout", "--force", "HEAD", "--", ".", cwd=self.root)
        _git("clean", "-fdxq", cwd=self.root)

    def apply_patch(self, patch: Path) -> None:
        """Plant a bug.

        Raises:
            subprocess.CalledProcessError: The patch no longer fits: it must be renewed.
        """
        _git("apply", str(patch), cwd=self.root)

    def run_tests(self, selection: tuple[str, ...], *, timeout_s: float) -> Verdict:
        """Run a selection of pytest up to its first failure. An error outside a test proves nothing."""
        found = self._parent / "found.xml"
        found.unlink(missing_ok=True)
        # Small proofs take part, which `./run test` leaves out.
        options = ["-x", "-q", "-m", "", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
        options.append(f"--basetemp={self._parent / 't'}")
        code, _ = self._run(["-m", "pytest", *options, f"--junitxml={found}", *selection], timeout_s)
        if code == _HUNG:
            return "hung"
        tests, failures = _counts(found)
        if code == 0 and tests:
            return "passed"
        return "failed" if code == _FAILED and failures else "broken"

    def run_proof(self, command: tuple[str, ...], *, timeout_s: float) -> Verdict:
        """Run ``python -m COMMAND --json``. Only a run that ends with its report proves anything."""
        code, said = self._run(["-m", *command, "--json"], timeout_s)
        if code == _HUNG:
            return "hung"
        if code not in (0, _FAILED) or not _is_report(said):
            return "broken"
        return "failed" if code else "passed"

    def _run(self, arguments: list[str], timeout_s: float) -> tuple[int, bytes]:
        """Run Python in the tree, under a leash, and return its exit status and what it said."""
        with (self._parent / "said").open("w+b") as said:
            self._running = subprocess.Popen(
                [sys.executable, "-I", str(_LEASH), str(timeout_s), sys.executable, *arguments],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.DEVNULL,
            )
            if self._stopped:
                self._running.terminate()
            code = self._running.wait()
            said.seek(0)
            return code, said.read()

    def stop(self) -> None:
        """End every run in this tree, and any that is started later. It may be called from any thread."""
        self._stopped = True
        if self._running is not None:
            self._running.terminate()


def _counts(junit: Path) -> tuple[int, int]:
    """Return how many tests ran and how many of them failed (errors outside of tests are not failures)."""
    if not junit.exists():
        return 0, 0
    suites = ElementTree.parse(junit).getroot().iter("testsuite")
    counts = [(int(suite.get("tests", 0)), int(suite.get("failures", 0))) for suite in suites]
    return sum(tests for tests, _ in counts), sum(failures for _, failures in counts)


def _is_report(said: bytes) -> bool:
    lines = said.splitlines()
    try:
        return bool(lines) and "name" in json.loads(lines[-1])
    except ValueError:
        return False


def head_commit() -> str:
    """Return the commit that is to be checked."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _git(*arguments: str, cwd: Path) -> None:
    subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True)
