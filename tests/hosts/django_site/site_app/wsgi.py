"""What gunicorn loads, with --preload before it forks. The engine has been used by then."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_app.settings")
application = get_wsgi_application()

from notes.commands import write_note
from notes.queries import notes_of

FIRST = write_note.delay(author="the parent", text="before the fork")
FIRST.receipt(timeout=20)
notes_of.ask(author="nobody")
