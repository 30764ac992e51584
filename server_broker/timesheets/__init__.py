"""A month's sheets as offices sign and file them: Excel of a village, a township, the county or one person."""
