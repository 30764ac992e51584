"""A county's Excel file of regions, stations, people, cards and duty windows: read, judged, shown, and taken over."""
