"""What the link tells the app, as Textual messages, so that each waits its turn behind keys and ticks."""

from textual.message import Message

from protocol.kiosk import ToKiosk


class AgentSaid(Message):
    """The agent sent a line."""

    def __init__(self, message: ToKiosk) -> None:
        super().__init__()
        self.message = message


class AgentAway(Message):
    """The agent is not there."""
