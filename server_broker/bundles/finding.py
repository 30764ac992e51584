"""What people can find in a bundle by keypad letters: its titles, each in the digits of its pinyin's initials."""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import islice
from typing import cast

from protocol.bundle_contents import Notices
from protocol.bundles import MAX_CONTENT_BYTES, BundleKind
from protocol.codec import decode
from protocol.documents import Documents, Heading
from protocol.finding import KEY_LETTERS, MAX_DIGITS, MAX_FIND_ENTRIES, MAX_READINGS, FindEntry
from protocol.units import MAX_SHORT_TEXT

_KEYS = {letter: str(key) for key, letters in KEY_LETTERS.items() for letter in letters}


def entries_of(kind: BundleKind, title: str, content: bytes) -> list[FindEntry]:
    """Return what can be found in a bundle. What is about people is found by nobody.

    Raises:
        Refused: The content is not what its kind says.
    """
    named = _TITLES[kind](title, content) if kind in _TITLES else ()
    found = ((of, shown, readings(shown)) for of, shown in islice(named, MAX_FIND_ENTRIES))
    return [FindEntry(of=of, title=shown[:MAX_SHORT_TEXT], digits=digits) for of, shown, digits in found if digits]


def _of_the_whole(title: str, content: bytes) -> Iterator[tuple[str, str]]:
    yield "", title


def _of_notices(title: str, content: bytes) -> Iterator[tuple[str, str]]:
    for notice in decode(content, Notices, limit=MAX_CONTENT_BYTES).notices:
        yield notice.id, notice.line


def _of_documents(title: str, content: bytes) -> Iterator[tuple[str, str]]:
    if not content:  # it has nothing but items
        yield "", title
        return
    documents = decode(content, Documents, limit=MAX_CONTENT_BYTES).documents
    yield from ((one.id, one.title) for one in documents)
    # A title such as 惠农政策汇编 says little; what stands in it is under its headings.
    for one in documents:
        yield from ((one.id, block.text) for block in one.blocks if isinstance(block, Heading))


_TITLES: dict[BundleKind, Callable[[str, bytes], Iterator[tuple[str, str]]]] = {
    "questions": _of_the_whole,
    "notices": _of_notices,
    "disclosure": _of_documents,
    "library": _of_documents,
}


def readings(title: str) -> list[str]:
    """Return a title in digits, first as a dictionary of phrases reads it, then with one character read otherwise.

    Nobody is asked to know which reading of 长 or 重 is meant: each that leads to other keys is a way to the title.
    A character without a reading, a space or a sign is left out. Empty: nothing of it can be typed.
    """
    keys = [choices for choices in _keys_of(title) if choices][:MAX_DIGITS]
    if not keys:
        return []
    first = "".join(choices[0] for choices in keys)
    # The commoner second readings of all characters go before the third of any.
    found = {first: None}
    for rank in range(1, max(len(choices) for choices in keys)):
        for place, choices in enumerate(keys):
            if rank < len(choices):
                found[first[:place] + choices[rank] + first[place + 1 :]] = None
    return list(found)[:MAX_READINGS]


def _keys_of(title: str) -> list[list[str]]:
    """Return for each character the keys that it may be typed by, the likeliest first; none for a sign."""
    # People copy full-width letters and digits out of documents.
    title = unicodedata.normalize("NFKC", title)
    # Tables of 50 MB, which only a process that publishes needs.
    from pypinyin import Style, lazy_pinyin, pinyin  # noqa: PLC0415

    # One item for each sign that has no reading, which pypinyin does and its types don't say.
    each = cast(Callable[[str], str], list)
    in_phrases = lazy_pinyin(title, style=Style.FIRST_LETTER, errors=each)
    alone = [pinyin(sign, style=Style.FIRST_LETTER, heteronym=True, errors=each)[0] for sign in title]
    return [
        list(dict.fromkeys(key for initial in (said, *others) if (key := _key(initial))))
        for said, others in zip(in_phrases, alone, strict=True)
    ]


def _key(initial: str) -> str:
    """Return the key of a letter, with or without an accent, or of a digit; empty for any other sign."""
    plain = unicodedata.normalize("NFD", initial)[:1].lower()
    return plain if plain in "0123456789" else _KEYS.get(plain, "")
