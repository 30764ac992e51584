"""Tamper with the record of a county and of a station in every place, and count what two verifiers do not find."""
