"""How the API says no."""


class Refused(Exception):
    """Nothing is read. ``status`` is HTTP's, the message is Chinese and says what to do."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
