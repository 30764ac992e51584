"""The rig's report counts a test that was skipped, or could not begin, as one that did not pass."""

from pathlib import Path

from firmware_scripts.rig.drivers import Tried, results

_FOUND = """\
<testsuites><testsuite>
<testcase classname="tests.rig.test_a" name="x"><properties><property name="driver" value="wedge"/>
<property name="stack" value="uinput"/></properties></testcase>
<testcase classname="tests.rig.test_a" name="y"><properties><property name="driver" value="wedge"/>
<property name="stack" value="uinput"/></properties><skipped message="no device"/></testcase>
<testcase classname="tests.rig.test_b" name="z"><error message="import"/></testcase>
</testsuite></testsuites>
"""


def test_results_by_driver(tmp_path: Path) -> None:
    file = tmp_path / "found.xml"
    file.write_text(_FOUND, encoding="utf-8")
    assert results(file) == {"wedge": Tried("uinput", cases=2, failed=1), "tests.rig.test_b": Tried("unknown", 1, 1)}


def test_a_machine_that_said_nothing_found_nothing(tmp_path: Path) -> None:
    assert results(tmp_path / "found.xml") == {}
