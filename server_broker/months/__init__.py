"""What the county has of each person's touches and requests, for the person: on a telephone and at the kiosk."""
