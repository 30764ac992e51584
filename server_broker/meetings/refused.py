"""What is refused in this room."""


class MeetingRefused(Exception):
    """Nothing was changed. The message is Chinese, for the person who tried."""


class ChangedMeanwhile(MeetingRefused):
    """Somebody has changed the meeting since what is to be changed was read."""
