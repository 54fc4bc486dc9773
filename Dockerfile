# syntax=docker/dockerfile:1

# Built in one stage, run in another: no pip cache, no build tools, no tests in the image.
FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/cqrs
COPY requirements-runtime.txt /build/
RUN /opt/cqrs/bin/pip install --require-hashes -r /build/requirements-runtime.txt
COPY pyproject.toml README.md LICENSE /build/
COPY worker /build/worker
RUN /opt/cqrs/bin/pip install --no-deps /build

FROM python:3.11-slim
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/cqrs cqrs
COPY --from=build /opt/cqrs /opt/cqrs
# The application on the engine: what its pyproject.toml names is found in the working folder.
COPY pyproject.toml beat_schedule.py /app/
COPY models /app/models
COPY tasks /app/tasks
ENV PATH=/opt/cqrs/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 CQRS_HOME=/var/lib/cqrs
USER cqrs
WORKDIR /app
CMD ["cqrs", "--help"]
