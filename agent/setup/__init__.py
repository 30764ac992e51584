"""Make a machine a station, by a conversation in Chinese: county, devices, ``station.toml``, enrolment, units."""
