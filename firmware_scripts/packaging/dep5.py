"""``debian/copyright`` of what a package bundles: a paragraph for each Python package (DEP 5, machine-readable).

It is made of the metadata and licence files that each package carries. A licence that can't be told from them is an
error, never a guess.
"""

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution
from pathlib import Path

_COMMON = Path("/usr/share/common-licenses")
_TEXTS = Path(__file__).with_name("licences")
"""Texts for packages that name their licence and carry none (SPDX's templates)."""

_IN_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache-2.0": "Apache-2.0",
    "BSD-2-Clause": "BSD-2-Clause",
    "BSD-3-Clause": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "GPL-3.0-or-later": "GPL-3.0-or-later",
    "MIT": "MIT",
    "MIT License": "MIT",
    "MPL-2.0": "MPL-2.0",
    "MPL-2.0 AND MIT": "MPL-2.0 AND MIT",
    "PSFL": "PSF-2.0",
    "any-OSI": "any-OSI",
    "OSI Approved :: GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "OSI Approved :: GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "OSI Approved :: MIT License": "MIT",
    "OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""What metadata say besides SPDX's names, and only what is clear. "BSD" is not: there are three of them."""
_READ_BY_A_PERSON = {
    "libarchive-c": ("CC0", "CC0-1.0"),
    "lgpio": ("unlicense.org", "Unlicense"),
    "pyserial": ("BSD", "BSD-3-Clause"),
    "python-prctl": ("OSI Approved :: GNU General Public License (GPL)", "GPL-3.0-or-later"),
    "python-dateutil": ("Dual License", "Apache-2.0 OR BSD-3-Clause"),
    "segno": ("OSI Approved :: BSD License", "BSD-3-Clause"),
    "sqlparse": ("OSI Approved :: BSD License", "BSD-3-Clause"),
}
"""By package: what its metadata say, and which licence its text is. It does not count once they say something else."""

_SHARED = {
    "Apache-2.0": "Apache-2.0",
    "CC0-1.0": "CC0-1.0",
    "GPL-2.0": "GPL-2",
    "GPL-3.0": "GPL-3",
    "LGPL-2.0": "LGPL-2",
    "LGPL-2.1": "LGPL-2.1",
    "LGPL-3.0": "LGPL-3",
    "MPL-2.0": "MPL-2.0",
}
"""Licences whose text every Debian has (Debian policy, 12.5), by SPDX's name without "only" and "or later"."""
_HEADS = {
    "Apache-2.0": "Apache License Version 2.0",
    "GPL": "GNU GENERAL PUBLIC LICENSE",
    "LGPL": "GNU LESSER GENERAL PUBLIC LICENSE",
    "MPL-2.0": "Mozilla Public License Version 2.0",
}
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|notice)[^/]*|[^/]*(epl|edl)-v\d+", re.IGNORECASE)
_HOLDER = re.compile(r"\W*(?:i\.e\., \W*|notice of )?((?:copyright\b|©|\(c\)).*)", re.IGNORECASE)
_NOBODY = re.compile(
    r"copyright (?:notice|holders?|owner|licen[cs]e|statement|law|interest|and|in|to|or)\b|\[yyyy\]", re.IGNORECASE
)
"""Sentences of licences that speak of copyright and name nobody."""


class UnknownLicence(Exception):
    """Nobody can tell from a package what its licence is, or whose it is."""


def bundled(site: Path, place: str) -> str:
    """Return the paragraphs of everything that is installed in a folder, except our own rooms.

    Args:
        site: A ``site-packages`` with the ``RECORD`` of each package.
        place: Where that folder will be, without the slash in front.

    Raises:
        UnknownLicence: One of them does not say its licence, or nobody's name.
    """
    found = sorted(Distribution.discover(path=[str(site)]), key=lambda one: name_of(one))
    return "\n".join(paragraph(one, place) for one in found if name_of(one) != "cunhui")


def name_of(package: Distribution) -> str:
    """Return a package's name as PyPI normalises it."""
    return re.sub(r"[-_.]+", "-", package.metadata["Name"]).lower()


def paragraph(package: Distribution, place: str) -> str:
    """Return the paragraph of one package."""
    name, licence = name_of(package), licence_of(package)
    texts = [text for _, text in _licence_texts(package)]
    holders = holders_of(package)
    from_where = [f"{name} {package.version}, from https://pypi.org/project/{name}/{package.version}/"]
    if libraries := _libraries(package):
        from_where += ["Its authors' build brings these libraries along:", *libraries]
    fields = [
        ("Files", [f"{place}/{top}" for top in _tops(package)]),
        ("Copyright", holders),
        ("License", [licence.replace(" OR ", " or ").replace(" AND ", " and "), *_body(name, licence, texts)]),
        ("Comment", from_where),
    ]
    return "".join(_field(title, lines) for title, lines in fields)


def licence_of(package: Distribution) -> str:
    """Return a package's licence as an SPDX expression.

    Raises:
        UnknownLicence: Its metadata do not say it.
    """
    name, metadata = name_of(package), package.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    said = [
        *filter(None, [metadata.get("License")]),
        *(one.removeprefix("License :: ") for one in metadata.get_all("Classifier") or [] if one[:10] == "License ::"),
    ]
    by_person = _READ_BY_A_PERSON.get(name)
    if by_person and by_person[0] in said:
        return by_person[1]
    clear = dict.fromkeys(_IN_WORDS[one] for one in said if one in _IN_WORDS)
    if len(clear) != 1:
        raise UnknownLicence(f"{name} {package.version}: its licence can't be told from {said or 'nothing'}")
    return next(iter(clear))


def holders_of(package: Distribution) -> list[str]:
    """Return who holds the copyright: as the licence files say, otherwise who wrote it.

    Raises:
        UnknownLicence: Nobody is named.
    """
    named: list[str] = []
    for _, text in _licence_texts(package):
        for line in text.splitlines():
            found = _HOLDER.match(line)
            if found and not _NOBODY.search(line):
                named.append(re.sub(r"(?i)^(?:copyright|©|\(c\)|[\s:,])+", "", found[1]).strip(' .*#"'))
    metadata = package.metadata
    authors = (metadata.get(key) for key in ("Author", "Author-email", "Maintainer", "Maintainer-email"))
    holders = list(dict.fromkeys(filter(None, named))) or list(filter(None, authors))[:1]
    if not holders:
        raise UnknownLicence(f"{name_of(package)} {package.version}: nobody is named as its author")
    return holders


def _licence_texts(package: Distribution) -> Iterator[tuple[str, str]]:
    """Give its licence files, without those whose text every Debian has."""
    files = (file for file in package.files or [] if file.parts[0].endswith(".dist-info"))
    for file in sorted(files, key=str):
        if _LICENCE_FILE.fullmatch(file.name):
            text = Path(str(file.locate())).read_text(encoding="utf-8", errors="replace")
            head = " ".join(text[:400].split())
            if not any(one.casefold() in head.casefold() for one in _HEADS.values()):
                yield file.name, text


def _body(name: str, licence: str, texts: Iterable[str]) -> list[str]:
    lines = [line.rstrip() for text in texts for line in [*text.strip().splitlines(), ""]]
    ids = re.findall(r"[\w.+-]+", re.sub(r"\b(?:OR|AND|WITH)\b|[()]", " ", licence))
    for one in ids:
        shared = _SHARED.get(re.sub(r"-(?:only|or-later)$|\+$", "", one))
        if shared is not None:
            lines += [f"The text of {one} is on every Debian in {_COMMON / shared}.", ""]
        elif not texts:
            text = _TEXTS / f"{one}.txt"
            if not text.exists():
                raise UnknownLicence(f"{name}: it carries no text of its licence {one}")
            lines += [*text.read_text(encoding="utf-8").splitlines(), ""]
    return lines[:-1]


def _tops(package: Distribution) -> list[str]:
    """Return the top of what it installs, as patterns of DEP 5."""
    tops = {file.parts[0]: len(file.parts) > 1 for file in package.files or [] if file.parts[0] not in ("..", "/")}
    return [f"{top}/*" if is_folder else top for top, is_folder in sorted(tops.items()) if top != "__pycache__"]


def _libraries(package: Distribution) -> list[str]:
    return sorted(file.name for file in package.files or [] if file.parts[0].endswith(".libs") and ".so" in file.name)


def _field(title: str, lines: list[str]) -> str:
    """Write a field: the first line beside its name, the others indented, an empty one as a dot."""
    first, *rest = lines
    return f"{title}: {first}\n" + "".join(f" {line}\n" if line.strip() else " .\n" for line in rest)
