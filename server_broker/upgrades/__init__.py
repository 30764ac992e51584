"""A county's database on its way between versions: what it lacks, the dump that is taken first, and the way back."""
