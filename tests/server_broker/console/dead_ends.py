"""Walks the console as one account does, by links and by forms that only ask, and names the pages that lead nowhere."""

import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from django.test import Client
from django.urls import Resolver404, resolve

MOST_REDIRECTS = 5
ONCE = re.compile(r"export|csv|template$|-sheet$|-file$|screen|question|^admin:|(?<!second-factor)\?$")


@dataclass
class Block:
    """A place where a list would stand, as the template writes it when the list is empty."""

    title: str = ""
    rest: str = ""


@dataclass
class Seen:
    """What a page has: whatever is outside ``main`` counts for the way, not as this page's own next step."""

    title: str = ""
    h1: str = ""
    links: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    """Links of the main part, without the crumbs that lead back."""
    asks: list[str] = field(default_factory=list)
    """Where the forms lead that change nothing, with what stands in them."""
    sends: list[str] = field(default_factory=list)
    """Where the forms of the main part lead that change something."""
    empties: list[Block] = field(default_factory=list)
    said: str = ""
    """Sentences of the main part."""


_PIECES = re.compile(r"<(/?)([a-z][a-z0-9]*)([^>]*)>|([^<]+)")
_ATTRIBUTES = re.compile(r"""\s([a-z][a-z:@.-]*)(?:="([^"]*)")?""")
_VOID = ("input", "img", "br", "link", "meta", "hr", "path", "rect", "line")


class PageReader:
    """Reads one page of ours, of which the browser tests see to it that elements are closed.

    Python's parser takes three times as long, and some hundred pages are read.
    """

    def __init__(self, path: str) -> None:
        self.seen = Seen()
        self._path = path
        # Django's tables have no element main; their menu is written by a script.
        self._main = "body" if path.startswith("/admin/") else "main"
        self._open: list[tuple[str, str]] = []
        self._inside: Counter[str] = Counter()
        """How many open elements are in the way, by their name and, after a dot, by their class."""
        self._form: tuple[str, dict[str, str]] | None = None
        self._select = ""

    def read(self, html: str) -> Seen:
        """Return what the page has."""
        for end, tag, attributes, words in _PIECES.findall(html):
            if words:
                if words.strip():
                    self._words(words.strip())
            elif end:
                self._end(tag)
            else:
                self._start(tag, {name: unescape(value) for name, value in _ATTRIBUTES.findall(attributes)})
        return self.seen

    def _start(self, tag: str, values: dict[str, str]) -> None:
        if tag not in _VOID:
            self._open.append((tag, values.get("class", "")))
            self._inside.update((tag, *(f".{one}" for one in values.get("class", "").split())))
        if tag == "a" and values.get("href") and not self._inside[".skip"]:
            self._link(values["href"])
        elif tag == "form":
            action = urljoin(self._path, values.get("action") or self._path)
            self._form = (action, {}) if values.get("method", "get") == "get" else None
            if self._form is None and self._inside[self._main]:
                self.seen.sends.append(action)
        elif tag in ("input", "select") and self._form is not None and values.get("name"):
            if values.get("type") not in ("checkbox", "radio"):
                self._form[1][values["name"]] = values.get("value", "")
            self._select = values["name"] if tag == "select" else self._select
        elif tag == "option" and self._form is not None and "selected" in values:
            self._form[1][self._select] = values.get("value", "")
        elif tag == "div" and "empty" in values.get("class", "").split():
            self.seen.empties.append(Block())

    def _link(self, href: str) -> None:
        target = urljoin(self._path, href).partition("#")[0]
        if urlsplit(target).netloc:
            return
        self.seen.links.append(target)
        if self._inside[self._main] and not self._inside[".crumb"] and target != self._path:
            self.seen.steps.append(target)

    def _end(self, tag: str) -> None:
        while self._open:
            name, classes = self._open.pop()
            self._inside.subtract((name, *(f".{one}" for one in classes.split())))
            if name == tag:
                break
        if tag == "form" and self._form is not None:
            self.seen.asks.append(f"{self._form[0].partition('?')[0]}?{urlencode(self._form[1])}")
            self._form = None

    def _words(self, words: str) -> None:
        if self._inside["title"]:
            self.seen.title += words
        elif self._inside["h1"]:
            self.seen.h1 += words
        elif self._inside[".empty"]:
            block = self.seen.empties[-1]
            if self._inside["strong"]:
                block.title += words
            else:
                block.rest += words
        if self._inside[self._main] and not self._inside["h1"] and not self._inside[".crumb"]:
            self.seen.said += words


@dataclass(frozen=True)
class DeadEnd:
    """A page that leads nowhere, and how one gets there."""

    way: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{' → '.join(self.way)}: {self.why}"


class Walk:
    """One account's way through the console. Each address is opened once.

    Args:
        elsewhere: What other accounts have opened of what is the same for all (`ONCE`): files, what the kiosk's own
            program draws, Django's tables, and an address with a query. The table of routes says who may open these.
    """

    def __init__(self, client: Client, elsewhere: set[str]) -> None:
        self._client = client
        # A page that fails is a dead end too, with the way to it.
        client.raise_request_exception = False
        self._elsewhere = elsewhere
        self._known: set[str] = set()
        self.pages: dict[str, Seen] = {}
        self.sends: dict[str, tuple[str, ...]] = {}
        """Where forms that change something lead, each with the way to its page."""
        self.dead_ends: list[DeadEnd] = []

    def from_start(self, *, steps: int = 99) -> None:
        """Walk from the start page, at most so many steps away from it."""
        waiting: deque[tuple[str, ...]] = deque([("/",)])
        while waiting:
            way = waiting.popleft()
            if self._is_known(way[-1]):
                continue
            seen = self._open(way)
            if seen is not None and len(way) <= steps:
                waiting.extend((*way, target) for target in (*seen.links, *seen.asks))

    def _is_known(self, target: str) -> bool:
        split, name = urlsplit(target), name_of(target)
        # Each query on Django's tables is an order of the same list.
        asked = f"{name}?" if split.query and not split.path.startswith("/admin/") else name
        known = asked in self._known or asked in self._elsewhere
        self._known.add(asked)
        if ONCE.search(asked):
            self._elsewhere.add(asked)
        return known

    def _open(self, way: tuple[str, ...]) -> Seen | None:
        answer = self._follow(way)
        if answer is None:
            return None
        if answer.status_code != HTTPStatus.OK:
            self.dead_ends.append(DeadEnd(way, f"status {answer.status_code}"))
            return None
        if not answer.headers["Content-Type"].startswith("text/html"):
            return None
        seen = read(answer.content.decode(), way[-1])
        self.pages[way[-1]] = seen
        self.dead_ends.extend(DeadEnd(way, why) for why in wrong_with(seen))
        for target in seen.sends:
            self.sends.setdefault(target, way)
        return seen

    def try_sends(self) -> None:
        """Open by hand where the forms lead that change something: that must lead back to a page."""
        for target, way in self.sends.items():
            answer = self._follow((*way, target))
            if answer is not None and answer.status_code != HTTPStatus.OK:
                self.dead_ends.append(DeadEnd((*way, target), f"opened by hand: status {answer.status_code}"))

    def _follow(self, way: tuple[str, ...]) -> Any:
        """Open a page and go where it redirects to."""
        target = way[-1]
        for _ in range(MOST_REDIRECTS):
            answer: Any = self._client.get(target)
            if answer.status_code not in (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
                return answer
            target = urljoin(target, answer.headers["Location"])
            if self._is_known(target):
                return None
        self.dead_ends.append(DeadEnd(way, "redirects without end"))
        return None


def name_of(target: str) -> str:
    """Return the name of an address, or its path if it has none."""
    path = urlsplit(target).path
    try:
        return resolve(path).view_name
    except Resolver404:
        return path


def read(html: str, path: str) -> Seen:
    """Return what a page has."""
    return PageReader(path).read(html)


def wrong_with(seen: Seen) -> Iterator[str]:
    """Yield what makes a page a dead end."""
    if not seen.title.partition("·")[0].strip():
        yield "no title"
    if not seen.h1:
        yield "no h1"
    if not seen.steps and not seen.asks and not seen.sends and not _says_how_it_goes_on(seen.said):
        yield "no next step"
    for block in seen.empties:
        if not block.rest:
            yield f"“{block.title}” says nothing of what comes next"


def _says_how_it_goes_on(said: str) -> bool:
    """Return whether a page that offers nothing says who acts, or that it goes on by itself."""
    return bool(re.search("请.{2,}|由.{2,}|自动|自己|会出现|就会|以后", said))
