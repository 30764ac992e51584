"""Read, check, show and import a county's list (Excel or CSV) of regions, stations, people, cards and windows."""
