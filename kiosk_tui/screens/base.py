"""What all screens share: nothing takes the focus and no key is bound, so that every key reaches the app."""

from typing import ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen

from kiosk_tui.views.common import LiveBannerView
from kiosk_tui.widgets.bars import HeaderBar, KeyBar, KeyHint, LiveBanner
from kiosk_tui.widgets.page_body import PageBody
from kiosk_tui.words import common as words


class KioskScreen[V](Screen[None], inherit_bindings=False):
    """A screen that draws one kind of view."""

    AUTO_FOCUS: ClassVar[str | None] = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (58, "-medium"), (72, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (19, "-tall")]

    def __init__(self) -> None:
        super().__init__()
        self._banner = LiveBanner()
        self._keys_count = False

    def on_mount(self) -> None:
        """Lay the banner over the first line, where it hides nothing but a title."""
        if not self.is_attached:
            return  # the kiosk ends before its first screen stands
        self.mount(self._banner)
        self.show_keys(count=self._keys_count)

    def show_banner(self, live: LiveBannerView | None) -> None:
        """Say above everything that the county looks into the room, or that nobody does."""
        self._banner.say(live)

    def show_keys(self, *, count: bool) -> None:
        """Name the keys only while they count."""
        self._keys_count = count
        for bar in self.query(KeyBar):
            bar.count = count

    def show_voice(self, *, speaks: bool) -> None:
        """Name the key by which the screen is said aloud, if it can be."""
        for bar in self.query(KeyBar):
            bar.speaks = speaks

    def show(self, view: V) -> None:
        """Draw ``view``."""
        raise TypeError(f"{type(self).__name__} draws nothing")

    def forget_drawn(self) -> None:
        """Drop what Textual keeps of a screen that is left and will not ask for again, and its lines.

        All screens' lines together are 8 MB. They are drawn anew when the screen is shown again. Of each widget Textual
        also keeps the last 16 sizes that it worked out. After a change of its content or style it asks for none of the
        older ones, but they pile up on each screen: 0.4 MB after 600 changes. A size that is still good stays, because
        a key would wait while it is worked out again.
        """
        for widget in (self, *self.query()):
            widget._styles_cache.clear()
            sizes = widget._box_model_cache
            good = (widget._layout_updates, widget.styles._cache_key)
            for known in list(sizes.keys()):
                if cast(tuple[object, ...], known)[-2:] != good:
                    sizes.discard(known)

    def turn_page(self, by: int) -> bool:
        """Turn a long text to its next page (1) or back (-1); return False if there is none."""
        return any(body.turn(by) for body in self.query(PageBody))


class TextScreen[V](KioskScreen[V]):
    """A header, text in pages, and the keys below."""

    def __init__(self) -> None:
        super().__init__()
        self._header = HeaderBar()
        self._body = PageBody()
        self._keys = KeyBar()

    def compose(self) -> ComposeResult:
        """Lay out the screen."""
        yield self._header
        yield self._body
        yield self._keys


READ_ON = KeyHint(words.ENTER, "")
"""Enter where it only reads on: on the last page it is not named."""


class LongTextScreen[V](TextScreen[V]):
    """Text that may be longer than the screen: while there is more, Enter reads on, whatever it does at the end."""

    def __init__(self) -> None:
        super().__init__()
        self._hints: tuple[KeyHint, ...] = ()

    def _name_keys(self, *hints: KeyHint) -> None:
        """Name the keys, with Enter as it is on the last page."""
        self._hints = hints
        self.on_page_body_turned()

    def on_page_body_turned(self) -> None:
        """Say what Enter does on this page."""
        enter = words.KEY_READ_ON if self._body.more else None
        named = (KeyHint(hint.cap, enter) if enter and hint.cap == words.ENTER else hint for hint in self._hints)
        self._keys.hints = tuple(hint for hint in named if hint.label)
