"""The daily manifest over all that the county has recorded, and the check of the county's own record."""
