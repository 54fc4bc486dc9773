"""The orders domain: what it does when asked (`commands`) and what it shows (`queries`).

Its rules and tables are in `models.orders`.
"""

migrations = "models.orders.migrations"
