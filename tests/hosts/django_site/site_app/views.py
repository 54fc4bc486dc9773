"""The site's views and their addresses. Each request is one transaction (ATOMIC_REQUESTS)."""

import logging
import os

from django.db import connection
from django.http import JsonResponse
from django.urls import path
from notes.commands import write_note
from notes.queries import notes_of

from site_app.models import Visit

log = logging.getLogger("site")


def add(request):
    """A visit and the command that follows from it, both or neither."""
    author = request.GET["author"]
    Visit.objects.create(author=author)
    handle = write_note.enqueue(connection, author=author, text="was here")
    if "fail" in request.GET:
        raise RuntimeError("as asked")
    log.info("enqueued")
    return JsonResponse({"id": handle.id, "pid": os.getpid()}, status=202)


def wait(request):
    """A command that is sent and waited for."""
    receipt = write_note.delay(author=request.GET["author"], text="waited").receipt(timeout=20)
    return JsonResponse({"status": receipt.status, "position": receipt.position})


def listed(request):
    """What the read model says, and how many visits the site itself has."""
    after = request.GET.get("after")
    answer = notes_of.ask(author=request.GET["author"], after=int(after) if after else None)
    visits = Visit.objects.filter(author=request.GET["author"]).count()
    return JsonResponse({"notes": [note.text for note in answer.data], "visits": visits})


urlpatterns = [path("add", add), path("wait", wait), path("listed", listed)]
