"""Several work trees at the same time, each with a thread that plants a bug, runs its catchers, and takes it back."""

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack

from tests.proofs.self_check.tree import WorkTree

type Job = Callable[[WorkTree], None]


class Crew:
    """Does jobs in ``hands`` trees of one commit. A job that raises ends all work."""

    def __init__(self, commit: str, *, hands: int) -> None:
        self._commit = commit
        self._hands = hands
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._errors: list[BaseException] = []
        self._over = threading.Event()

    def do(self, jobs: Iterable[Job]) -> None:
        """Do all jobs, begun in their order. At the end, and also if interrupted, no tree and no process is left.

        Raises:
            Exception: What a job raised.
        """
        for job in jobs:
            self._jobs.put(job)
        with ExitStack() as stack:
            trees = [stack.enter_context(WorkTree(self._commit)) for _ in range(self._hands)]
            threads = [threading.Thread(target=self._work, args=(tree,)) for tree in trees]
            try:
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            finally:
                self._over.set()
                for tree in trees:
                    tree.stop()
                for thread in threads:
                    thread.join()
        if self._errors:
            raise self._errors[0]

    def _work(self, tree: WorkTree) -> None:
        while not self._over.is_set():
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            try:
                tree.reset()
                job(tree)
            except Exception as error:  # noqa: BLE001 - the top of a thread: the caller raises it
                self._errors.append(error)
                self._over.set()
