"""docker-compose.yml: valid, and in the form that production needs. No engine is asked."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from worker.base.app import QUEUES
from worker.base.settings import Settings

FILE = Path(__file__).parents[1] / "docker-compose.yml"
SECONDS = re.compile(r"(\d+)s")


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


STACK = load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}
WORKERS = {f"worker-{queue}": queue for queue in QUEUES}
LASTING = sorted(SERVICES.keys() - {"migrate"})


def check_against_the_compose_schema(file: Path) -> subprocess.CompletedProcess[str]:
    """The schema comes with the package check-jsonschema."""
    command = ["-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)


def seconds(duration: str) -> int:
    found = SECONDS.fullmatch(duration)
    assert found, f"{duration} is not in seconds"
    return int(found[1])


def test_the_file_follows_the_compose_schema() -> None:
    done = check_against_the_compose_schema(FILE)

    assert done.returncode == 0, done.stdout


def test_the_schema_refuses_a_misspelt_key(tmp_path: Path) -> None:
    wrong = tmp_path / "docker-compose.yml"
    wrong.write_text(FILE.read_text().replace("healthcheck:", "healthchek:", 1))

    assert check_against_the_compose_schema(wrong).returncode == 1


def test_every_part_of_the_system_is_there() -> None:
    assert SERVICES.keys() == {"postgres", "valkey", "migrate", *WORKERS, "beat", "flower"}


@pytest.mark.parametrize(("service", "queue"), sorted(WORKERS.items()))
def test_each_queue_has_a_worker_of_its_own(service: str, queue: str) -> None:
    command = SERVICES[service]["command"]

    assert command[:4] == ["celery", "-A", "worker", "worker"]
    assert command[command.index("-Q") + 1] == queue
    assert command[command.index("-n") + 1] == f"{queue}@%h"


@pytest.mark.parametrize(("service", "queue"), sorted(WORKERS.items()))
def test_each_worker_is_asked_whether_it_lives(service: str, queue: str) -> None:
    asked = SERVICES[service]["healthcheck"]["test"][-1]

    assert asked.startswith("celery -A worker inspect ping ")
    assert asked.endswith(f"-d {queue}@$$HOSTNAME")


@pytest.mark.parametrize("service", LASTING)
def test_each_lasting_service_has_a_healthcheck_and_comes_back(service: str) -> None:
    check = SERVICES[service]["healthcheck"]

    assert {"test", "interval", "timeout", "retries"} <= check.keys()
    assert seconds(check["timeout"]) < seconds(check["interval"])
    assert SERVICES[service]["restart"] == "unless-stopped"


@pytest.mark.parametrize("service", sorted(WORKERS))
def test_a_stopped_worker_has_time_for_its_longest_task(service: str) -> None:
    environment = SERVICES[service]["environment"]
    limit = int(environment["CQRS_TASK_TIME_LIMIT"])

    assert seconds(SERVICES[service]["stop_grace_period"]) > limit
    assert limit >= Settings.model_fields["task_time_limit"].default


@pytest.mark.parametrize("service", sorted(OURS))
def test_every_setting_is_one_that_the_worker_knows(service: str) -> None:
    named = {n for n in SERVICES[service]["environment"] if n.startswith("CQRS_")}
    known = {f"CQRS_{field.upper()}" for field in Settings.model_fields}

    assert named <= known
    assert {"CQRS_DATABASE_URL", "CQRS_BROKER_URL", "CQRS_RESULT_URL", "CQRS_CACHE_URL"} <= named


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_images_are_pinned_to_a_major_version(service: str) -> None:
    assert re.fullmatch(r"[a-z/-]+:\d+(\.\d+)*", SERVICES[service]["image"])


def test_the_image_itself_is_built_on_a_pinned_python() -> None:
    bases = re.findall(r"^FROM (\S+)", (FILE.parent / "Dockerfile").read_text(), re.MULTILINE)

    assert bases
    assert all(re.fullmatch(r"python:3\.\d+-slim", base) for base in bases)


def test_no_secret_has_a_default() -> None:
    used = re.findall(r"\$\{([^}]*)\}", FILE.read_text())

    assert {name.split(":")[0] for name in used} == {
        "CQRS_POSTGRES_PASSWORD",
        "CQRS_VALKEY_PASSWORD",
        "CQRS_FLOWER_USER",
        "CQRS_FLOWER_PASSWORD",
    }
    assert all(re.fullmatch(r"\w+:\?.+", name) for name in used)


def test_nothing_is_published_but_flower_on_this_machine() -> None:
    published = {name: service.get("ports", []) for name, service in SERVICES.items()}

    assert {name for name, ports in published.items() if ports} == {"flower"}
    assert published["flower"] == ["127.0.0.1:5555:5555"]


def test_flower_asks_for_a_password_and_changes_nothing() -> None:
    environment = SERVICES["flower"]["environment"]

    assert ":?" in environment["FLOWER_BASIC_AUTH"]
    assert environment["FLOWER_READ_ONLY"] == "true"


@pytest.mark.parametrize("service", sorted(OURS))
def test_our_containers_have_no_more_rights_than_they_need(service: str) -> None:
    ours = SERVICES[service]

    assert ours["init"] is True
    assert ours["read_only"] is True
    assert ours["cap_drop"] == ["ALL"]
    assert ours["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("service", sorted(OURS - {"migrate"}))
def test_nothing_of_ours_starts_before_the_migrations(service: str) -> None:
    needs = {name: needed["condition"] for name, needed in SERVICES[service]["depends_on"].items()}

    assert needs == {
        "postgres": "service_healthy",
        "valkey": "service_healthy",
        "migrate": "service_completed_successfully",
    }


@pytest.mark.parametrize("service", LASTING)
def test_each_lasting_service_is_held_within_limits(service: str) -> None:
    resources = SERVICES[service]["deploy"]["resources"]

    assert {"cpus", "memory"} <= resources["limits"].keys()
    assert {"cpus", "memory"} <= resources["reservations"].keys()


@pytest.mark.parametrize("service", ["postgres", "valkey"])
def test_what_is_stored_is_on_a_named_volume(service: str) -> None:
    volumes = [volume.split(":")[0] for volume in SERVICES[service]["volumes"]]

    assert volumes == [service]
    assert service in STACK["volumes"]
