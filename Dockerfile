# syntax=docker/dockerfile:1

# Built in one stage, run in another: no pip cache, no build tools, no tests in the image.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/cqrs
COPY requirements-runtime.txt /build/
RUN /opt/cqrs/bin/pip install --require-hashes -r /build/requirements-runtime.txt
COPY pyproject.toml README.md beat_schedule.py /build/
COPY models /build/models
COPY worker /build/worker
COPY tasks /build/tasks
RUN /opt/cqrs/bin/pip install --no-deps /build

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/cqrs cqrs
COPY --from=build /opt/cqrs /opt/cqrs
ENV PATH=/opt/cqrs/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER cqrs
WORKDIR /var/lib/cqrs
CMD ["cqrs", "--help"]
