"""Who is here today, by village and person, as far as the county knows by now. Nothing is settled here."""
