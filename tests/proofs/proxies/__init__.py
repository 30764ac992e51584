"""Do the snippets for nginx and Caddy in the county's guide work as they stand there?"""
