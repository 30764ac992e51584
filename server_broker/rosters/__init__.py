"""Read, check, show and import a county's Excel file of regions, stations, people, cards and duty windows."""
