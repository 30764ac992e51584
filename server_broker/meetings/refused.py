"""What is refused in this room."""


class MeetingRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""
