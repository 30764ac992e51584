"""The copyright file: one paragraph for each bundled package, and no licence that is only guessed."""

import re
from email.parser import Parser
from importlib.metadata import Distribution, PathDistribution, distribution
from pathlib import Path

import pytest

from firmware_scripts.packaging.dep5 import UnknownLicence, bundled, holders_of, licence_of, paragraph
from tests.packaging.test_locks import LOCKS, pins

PLACE = "usr/lib/cunhui-x/lib/python3.13/site-packages"
MIT = "MIT License\n\nCopyright (c) 2020 Somebody\n\nPermission is hereby granted"


def installed(folder: Path, *metadata: str, name: str = "Thing", files: dict[str, str] | None = None) -> Distribution:
    """Make a package called thing, as it is when it is installed."""
    info = folder / "thing-1.0.dist-info"
    info.mkdir()
    head = ("Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0")
    (info / "METADATA").write_text("\n".join([*head, *metadata, "", ""]), encoding="utf-8")
    for name, text in (files or {}).items():
        (info / name).write_text(text, encoding="utf-8")
    (folder / "thing").mkdir()
    (folder / "thing" / "__init__.py").touch()
    names = ["thing/__init__.py", *(f"{info.name}/{path.name}" for path in info.iterdir()), f"{info.name}/RECORD"]
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names), encoding="utf-8")
    return PathDistribution(info)


def fields(text: str) -> dict[str, str]:
    return dict(Parser().parsestr(text).items())


def test_a_paragraph_says_what_it_is_whose_and_from_where(tmp_path: Path) -> None:
    one = installed(tmp_path, "License-Expression: MIT", files={"LICENSE": MIT})
    said = fields(paragraph(one, PLACE))
    assert list(said) == ["Files", "Copyright", "License", "Comment"]
    assert said["Files"].split() == [f"{PLACE}/thing/*", f"{PLACE}/thing-1.0.dist-info/*"]
    assert said["Copyright"] == "2020 Somebody"
    assert said["License"].splitlines()[0] == "MIT"
    assert " Permission is hereby granted" in said["License"]
    assert said["Comment"] == "thing 1.0, from https://pypi.org/project/thing/1.0/"


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License-Expression: Apache-2.0 OR BSD-3-Clause", "Apache-2.0 OR BSD-3-Clause"),
        ("License: MIT License", "MIT"),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT"),
        (
            "Classifier: License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)",
            "LGPL-2.0-or-later",
        ),
    ],
)
def test_a_licence_is_read_from_the_metadata(tmp_path: Path, metadata: str, licence: str) -> None:
    assert licence_of(installed(tmp_path, metadata)) == licence


@pytest.mark.parametrize(
    "metadata",
    [
        ("Summary: says nothing",),
        ("License: BSD",),
        ("License: see LICENSE",),
        ("Classifier: License :: OSI Approved :: BSD License",),
        ("License: MIT", "Classifier: License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)"),
    ],
)
def test_a_licence_that_can_not_be_told_is_an_error(tmp_path: Path, metadata: tuple[str, ...]) -> None:
    one = installed(tmp_path, *metadata, "Author: Somebody", files={"LICENSE": MIT})
    with pytest.raises(UnknownLicence, match=r"thing 1\.0"):
        licence_of(one)
    with pytest.raises(UnknownLicence, match=r"thing 1\.0"):
        bundled(tmp_path, PLACE)


@pytest.mark.parametrize(
    ("name", "said", "licence"),
    [("pyserial", "License: BSD", "BSD-3-Clause"), ("libarchive-c", "License: CC0", "CC0-1.0")],
)
def test_what_a_person_read_counts_only_while_the_package_says_the_same(
    tmp_path: Path, name: str, said: str, licence: str
) -> None:
    metadata = installed(tmp_path, said, name=name)
    assert licence_of(metadata) == licence
    (tmp_path / "later").mkdir()
    with pytest.raises(UnknownLicence):
        licence_of(installed(tmp_path / "later", "License: something else", name=name))


def test_a_package_of_nobody_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownLicence, match="nobody"):
        holders_of(installed(tmp_path, "License-Expression: MIT"))


def test_a_licence_without_its_text_is_an_error(tmp_path: Path) -> None:
    one = installed(tmp_path, "License-Expression: WTFPL", "Author: Somebody")
    with pytest.raises(UnknownLicence, match="no text of its licence WTFPL"):
        paragraph(one, PLACE)


def test_a_text_that_every_debian_has_is_named_and_not_repeated(tmp_path: Path) -> None:
    text = "                                 Apache License\n                           Version 2.0, January 2004\n"
    files = {"LICENSE": f"{text}and so on", "NOTICE": "Thing\nCopyright 2019 Somebody\n"}
    said = paragraph(installed(tmp_path, "License-Expression: Apache-2.0", files=files), PLACE)
    assert "and so on" not in said
    assert "/usr/share/common-licenses/Apache-2.0" in said
    assert "Copyright: 2019 Somebody" in said


def test_what_a_wheel_bundles_in_turn_is_named(tmp_path: Path) -> None:
    one = installed(tmp_path, "License-Expression: MIT", files={"LICENSE": MIT})
    (tmp_path / "thing.libs").mkdir()
    (tmp_path / "thing.libs" / "libpq-1a2b.so.5.17").touch()
    record = tmp_path / "thing-1.0.dist-info" / "RECORD"
    record.write_text(record.read_text(encoding="utf-8") + "thing.libs/libpq-1a2b.so.5.17,,\n", encoding="utf-8")
    assert "libpq-1a2b.so.5.17" in paragraph(one, PLACE)


@pytest.mark.parametrize("lock", [lock for lock in LOCKS if "arm64" not in lock])
def test_all_that_is_locked_can_be_told(lock: str) -> None:
    """Those that only a Pi has are not installed here: the build tells those."""
    for name in pins(lock):
        text = paragraph(distribution(name), PLACE)
        assert not [line for line in text.splitlines() if not line.strip()], name
        assert re.search(r"^Copyright: \S", text, re.MULTILINE), name
        assert len(re.findall(r"^\w+: ", text, re.MULTILINE)) == 4, name
