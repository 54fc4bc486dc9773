"""The banking domain: what it does when asked (`commands`), of itself (`reactions`: transfers), and
what it shows (`projections`, `queries`).

Its rules and the folds of its streams are in `models.banking`.
"""

migrations = "models.banking.migrations"
