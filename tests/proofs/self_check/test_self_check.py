"""The planted bugs still fit the product, mutants are valid programs, and runs in a tree use the tree's code."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from tests.proofs.self_check import leash
from tests.proofs.self_check.catalogue import CATCHERS, PLANTED, ROOMS, Room, Tests
from tests.proofs.self_check.mutants import drawn, every_mutant
from tests.proofs.self_check.tree import ROOT, WorkTree

PRODUCT = ("agent", "kiosk_tui", "protocol", "server_broker")
LEASH = Path(leash.__file__)


@pytest.fixture(scope="module")
def module_tree() -> Iterator[WorkTree]:
    with WorkTree() as tree:
        yield tree


@pytest.fixture
def tree(module_tree: WorkTree) -> WorkTree:
    module_tree.reset()
    return module_tree


def changed_files(tree: WorkTree) -> list[Path]:
    done = subprocess.run(["git", "status", "--porcelain"], cwd=tree.root, capture_output=True, text=True, check=True)
    return [Path(line[3:]) for line in done.stdout.splitlines()]


def test_every_bug_has_its_catchers() -> None:
    assert sorted(CATCHERS) == sorted(path.stem for path in PLANTED.iterdir())
    assert all(CATCHERS.values())


def test_every_selection_of_tests_fits_a_file() -> None:
    catchers = [*chain.from_iterable(CATCHERS.values()), *chain.from_iterable(room.tests for room in ROOMS)]
    selections = chain.from_iterable(one.selection for one in catchers if isinstance(one, Tests))
    assert [one for one in selections if not any(ROOT.glob(one))] == []


@pytest.mark.parametrize("name", sorted(CATCHERS))
def test_a_bug_fits_the_product_and_nothing_else(tree: WorkTree, name: str) -> None:
    tree.apply_patch(PLANTED / f"{name}.patch")
    files = changed_files(tree)
    assert files
    for file in files:
        assert file.parts[0] in PRODUCT
        # The tables of a new county are SQL.
        if file.suffix == ".py":
            ast.parse((tree.root / file).read_text(encoding="utf-8"))
    assert any(file.suffix in (".py", ".c") for file in files)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_mutants_are_valid_and_the_same_for_the_same_seed(tree: WorkTree, room: Room) -> None:
    mutants = every_mutant(tree.root, room.places)
    assert len(mutants) > 100
    assert drawn(mutants, count=10, seed=7) == drawn(mutants, count=10, seed=7) != drawn(mutants, count=10, seed=8)
    for mutant in drawn(mutants, count=100, seed=int.from_bytes(os.urandom(4))):
        source = (tree.root / mutant.path).read_text(encoding="utf-8")
        assert source[mutant.start : mutant.end] == mutant.was
        assert ast.dump(ast.parse(mutant.changed(source))) != ast.dump(ast.parse(source)), mutant


def test_what_only_people_and_tools_read_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "room.py").write_text(
        '"""Has 1 promise."""\n\n__all__ = ["f"]\n\n\n@dataclass(frozen=True)\nclass Row:\n'
        "    class Meta:\n        limit = 1\n\n    size: Annotated[int, 2] = 3\n\n\n"
        'def f(x: Literal[4]) -> Literal[5]:\n    log.info("%d", 6)\n    g(x)\n    return x < 7\n'
    )
    told = [f"{mutant.was} -> {mutant.text}" for mutant in every_mutant(tmp_path, ("room.py",))]
    assert told == ["3 -> (4)", "g(x) -> pass", "x < 7 -> (x <= 7)", "7 -> (8)"]


def test_in_a_tree_its_own_code_runs_also_in_processes_started_elsewhere(tree: WorkTree, tmp_path: Path) -> None:
    def agent_starts() -> bool:
        command = [sys.executable, "-m", "agent.cli", "--help"]
        done = subprocess.run(command, cwd=tmp_path, env=tree.environment, capture_output=True, check=False)
        return done.returncode == 0

    assert agent_starts()
    (tree.root / "agent/cli.py").write_text("this is no program")
    assert not agent_starts()


@pytest.mark.small_proof
def test_only_a_test_that_fails_has_caught_anything(tree: WorkTree) -> None:
    cases = {
        "def test_a(): pass": "passed",
        "def test_a(): assert False": "failed",
        "import nowhere": "broken",
        "import pytest\n@pytest.fixture\ndef x(): assert False\ndef test_a(x): pass": "broken",
        "": "broken",
    }
    file = tree.root / "tests/protocol/test_case.py"
    for text, verdict in cases.items():
        file.write_text(text)
        assert tree.run_tests((str(file),), timeout_s=60) == verdict, text


@pytest.mark.small_proof
def test_only_a_report_proves_anything(tree: WorkTree) -> None:
    cases = {
        'print(\'{"name": "case"}\')': "passed",
        'print(\'{"name": "case"}\'); raise SystemExit(1)': "failed",
        "raise SystemExit(1)": "broken",
        'print(\'{"name": "case"}\'); raise SystemExit(2)': "broken",
        "import signal; signal.pause()": "hung",
    }
    for text, verdict in cases.items():
        (tree.root / "tests/case.py").write_text(text)
        assert tree.run_proof(("tests.case",), timeout_s=1 if verdict == "hung" else 60) == verdict, text


@pytest.mark.small_proof
def test_the_leash_leaves_no_process_of_a_command_behind(tmp_path: Path) -> None:
    wait = "import signal; signal.pause()"
    start = f"child = subprocess.Popen([sys.executable, '-c', {wait!r}], start_new_session=True)"
    program = f"import subprocess, sys; {start}; print(child.pid, flush=True); sys.exit(3)"
    command = [sys.executable, str(LEASH), "60", sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert not Path("/proc", str(int(done.stdout))).exists()


def test_a_tree_is_gone_when_it_is_done() -> None:
    with WorkTree() as tree:
        assert (tree.root / "run").exists()
    assert not tree.root.parent.exists()
    done = subprocess.run(["git", "worktree", "list"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert str(tree.root) not in done.stdout
