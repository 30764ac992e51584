"""The bars: the page's title at the top, the keys at the bottom, and the line that says that the county looks in."""

import msgspec
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui.drawing import theme
from kiosk_tui.drawing.typeset import cells, fit, spread
from kiosk_tui.views.common import LiveBannerView
from kiosk_tui.words import common as words


class HeaderBar(Widget):
    """The title at the left, and a word at the right."""

    left: reactive[str] = reactive("")
    right: reactive[str] = reactive("")

    def render(self) -> Content:
        """Draw the line."""
        return Content(spread(self.left, self.right, self.content_size.width))


class KeyHint(msgspec.Struct, frozen=True):
    """A key's cap and what it does."""

    cap: str
    label: str


class KeyBar(Widget):
    """The keys that mean something now, and a word at the right if room is left.

    While no key counts, because the screen has only just appeared, no key is named.
    """

    count: reactive[bool] = reactive(False)
    hints: reactive[tuple[KeyHint, ...]] = reactive(())
    right: reactive[str] = reactive("")
    speaks: reactive[bool] = reactive(False)
    cap_style = theme.CAP

    def render(self) -> Content:
        """Draw the keys. If room is short they move closer together, and then the word at the right is left out; last
        of all the key that has the screen said aloud."""
        width = self.content_size.width
        if not self.count:
            return Content(" " * max(0, width - cells(self.right)) + self.right)
        said = (*self.hints, KeyHint("*", words.KEY_SAY)) if self.speaks else self.hints
        for hints, right in ((said, self.right), (said, ""), (self.hints, self.right), (self.hints, "")):
            for gap in (4, 3, 2, 1):
                keys = self._keys(hints, gap)
                room = width - keys.cell_length - cells(right)
                if room >= (2 if right else 0):
                    return Content.assemble(keys, " " * room, right)
        return self._keys(self.hints, 1)

    def _keys(self, hints: tuple[KeyHint, ...], gap: int) -> Content:
        parts: list[str | tuple[str, str]] = []
        for hint in hints:
            if parts:
                parts.append(" " * gap)
            parts += [(f" {hint.cap} ", self.cap_style), " " + fit(hint.label, 24)]
        return Content.assemble(*parts)


class LiveBanner(Widget):
    """Lies over the first line of a screen; hidden while nobody looks."""

    live: reactive[LiveBannerView | None] = reactive(None)

    def say(self, live: LiveBannerView | None) -> None:
        """Say who looks and for how long at most, or hide."""
        self.live = live
        self.display = live is not None

    def on_mount(self) -> None:
        """Begin hidden, unless `say` was called before the widget was mounted."""
        self.display = self.live is not None

    def render(self) -> Content:
        """Draw the line. A long name is cut, the rest never is."""
        if self.live is None:
            return Content()
        room = self.content_size.width - cells(words.live("·", self.live.seconds_left)) + 1
        return Content(words.live(fit(self.live.viewer, max(room, 4)), self.live.seconds_left))
