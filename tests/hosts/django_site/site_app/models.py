"""What the site keeps itself."""

from django.db import models


class Visit(models.Model):
    """Somebody was here."""

    author = models.TextField()
    facts = models.JSONField(default=dict)
