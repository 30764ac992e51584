"""Why a request was not taken, decided or taken back."""


class RequestRefused(Exception):
    """Nothing was recorded. The message is Chinese, for the person who tried, without a full stop."""
