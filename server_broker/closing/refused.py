"""Why a month was not shown or closed."""


class MonthRefused(Exception):
    """Nothing was recorded. The message is Chinese, for whoever tried, without a full stop."""
