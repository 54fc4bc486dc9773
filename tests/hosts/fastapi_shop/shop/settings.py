"""Where the shop's servers are, and how it logs."""

from __future__ import annotations

import os

DATABASE = os.environ["SHOP_DATABASE"]
BROKER = os.environ["SHOP_BROKER"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"shop": {"format": "shop|%(levelname)s|%(name)s|%(message)s"}},
    "handlers": {"shop": {"class": "logging.StreamHandler", "formatter": "shop"}},
    "root": {"handlers": ["shop"], "level": "INFO"},
}
