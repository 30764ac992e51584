"""A Mosquitto that the county runs: its configuration, its lists of stations, and the plugin that narrows both."""
