"""A few words that are drawn as they are, without markup and without line breaks."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class TextLine(Widget):
    """Text of known length."""

    text: reactive[Content] = reactive(Content(), layout=True)

    def show(self, text: Content) -> None:
        """Show other text."""
        self.text = text

    def render(self) -> Content:
        """Draw the text."""
        return self.text
