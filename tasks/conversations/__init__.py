"""The conversations domain: what it does when asked (`commands`) and what it shows (`queries`).

Its rules and tables are in `models.conversations`.
"""

migrations = "models.conversations.migrations"
