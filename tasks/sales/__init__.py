"""The sales domain, a point of sale: what it does when asked, and what it shows.

Its rules and tables are in `models.sales`.
"""

migrations = "models.sales.migrations"
