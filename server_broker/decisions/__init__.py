"""The county's own stream: every decision of a person, chained and signed as a station's facts are."""
