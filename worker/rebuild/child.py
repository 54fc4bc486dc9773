"""`python -m worker.rebuild.child` builds one part of a rebuild: see jobs.py."""

from worker.rebuild.jobs import child_main

if __name__ == "__main__":
    child_main()
