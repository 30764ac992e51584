"""Why no export file was made."""


class ExportFailed(Exception):
    """No file was made. ``message`` says why, in Chinese, to the technician."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
