"""The site's settings. Those of the engine come last, made of the site's own."""

import os

SECRET_KEY = "for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "site_app.views"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "site_app"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["SITE_DATABASE"],
        "HOST": os.environ["SITE_HOST"],
        "PORT": os.environ["SITE_PORT"],
        "USER": "site_owner",
        "ATOMIC_REQUESTS": True,
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"site": {"format": "SITE %(levelname)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "site"}},
    "root": {"handlers": ["out"], "level": "INFO"},
}
TEST_RUNNER = "site_app.test_runner.Runner"

os.environ.setdefault(
    "CQRS_DATABASE_URL",
    "postgresql://{USER}@/{NAME}?host={HOST}&port={PORT}".format(**DATABASES["default"]),
)
