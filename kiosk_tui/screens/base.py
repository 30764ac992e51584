"""What all screens share: nothing takes the focus and no key is bound, so that every key reaches the app."""

from typing import ClassVar, cast

from textual.screen import Screen

from kiosk_tui.views.common import LiveBannerView
from kiosk_tui.widgets.bars import KeyBar, LiveBanner
from kiosk_tui.widgets.page_body import PageBody


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

        Its lines are drawn anew when the screen is shown again; a walk through all screens leaves 0.5 MB of them. Of
        each widget Textual also keeps the last 16 sizes that it worked out. After a change of its content or style it
        asks for none of the older ones, but they pile up. A size that is still good stays, because a key would wait
        while it is worked out again.
        """
        for widget in (self, *self.query()):
            widget._styles_cache.clear()
            sizes = widget._box_model_cache
            good = (widget._layout_updates, widget.styles._cache_key)
            for known in list(sizes.keys()):
                if cast(tuple[object, ...], known)[-2:] != good:
                    sizes.discard(known)

    def forget(self) -> None:
        """Drop the text that stood here, which may be a person's, once nobody can go back to it."""
        for body in self.query(PageBody):
            body.show()

    def turn_page(self, by: int) -> bool:
        """Turn a long text to its next page (1) or back (-1); return False if there is none."""
        return any(body.turn(by) for body in self.query(PageBody))
