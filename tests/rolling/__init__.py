"""Two releases of one domain, on one broker and one database."""
