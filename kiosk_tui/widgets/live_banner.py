"""The line above every screen that says that the county looks into the room."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from kiosk_tui import words
from kiosk_tui.typeset import cells, fit
from kiosk_tui.views import LiveBannerView


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
