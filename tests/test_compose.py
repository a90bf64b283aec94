"""docker-compose.yml is valid, whole, and runs the same parts as `onetrip up`."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from settings import PROJECT, Settings
from stack.home import COMPOSE_SECRETS
from stack.parts import all_parts
from worker import ROLES

FILE = PROJECT / "docker-compose.yml"
# Variables that our processes read besides settings.
PLAIN_VARIABLES = {"ONETRIP_READY_FILE"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


def ours(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: service for name, service in compose["services"].items() if "build" in service}


def test_the_file_follows_the_compose_specification() -> None:
    tool = str(Path(sys.executable).parent / "check-jsonschema")
    check = [tool, "--builtin-schema", "vendor.compose-spec", str(FILE)]
    outcome = subprocess.run(check, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_reference_has_its_definition_and_every_definition_a_use(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    for service in services:
        assert set(service.get("depends_on", {})) <= set(compose["services"])
    used_networks = {network for service in services for network in service["networks"]}
    used_volumes = {volume.split(":")[0] for service in services for volume in service.get("volumes", [])}
    used_configs = {config["source"] for service in services for config in service.get("configs", [])}
    assert used_networks == set(compose["networks"])
    assert used_volumes == set(compose["volumes"])
    assert used_configs == set(compose["configs"])


def test_who_waits_for_health_waits_for_a_service_that_has_a_health_check(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for needed, how in service.get("depends_on", {}).items():
            other = compose["services"][needed]
            if how["condition"] == "service_healthy":
                assert "healthcheck" in other
            else:
                # It must be one that ends: a service that is always started again never completes.
                assert other["restart"].startswith("on-failure")


def test_the_same_parts_run_as_on_one_machine(compose: dict[str, Any], tmp_path: Path) -> None:
    embedded = {part.name for part in all_parts(Settings(onetrip_home=tmp_path, onetrip_demo=False))}
    assert embedded <= set(compose["services"])


def test_each_service_of_ours_runs_a_command_that_exists(compose: dict[str, Any]) -> None:
    workers = set()
    for service in ours(compose).values():
        program, *words = service["command"]
        assert program == "python"
        if words[0] == "-m":
            package = find_spec(words[1])
            assert package is not None, words[1]
            if package.submodule_search_locations:
                assert find_spec(f"{words[1]}.__main__") is not None, words[1]
        else:
            assert words[0] == "worker.py"
            workers.add(words[1])
    assert workers == set(ROLES)


def test_each_variable_of_ours_is_a_setting(compose: dict[str, Any]) -> None:
    for name, service in ours(compose).items():
        unknown = {key for key in service["environment"] if key.lower() not in Settings.model_fields} - PLAIN_VARIABLES
        assert not unknown, name


def test_the_secrets_command_makes_every_secret_that_the_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+):\?run onetrip secrets", FILE.read_text(encoding="utf-8")))
    assert asked == {name.upper() for name in COMPOSE_SECRETS}


def test_the_api_reaches_no_registry_and_holds_no_token_for_one(compose: dict[str, Any]) -> None:
    api = compose["services"]["api"]
    assert not set(api["networks"]) & set(compose["services"]["simulators"]["networks"])
    assert not {"REGISTRIES_TOKEN", "REGISTRIES_URL"} & set(api["environment"])


def test_who_sends_notices_parcels_and_fees_reaches_no_registry_either(compose: dict[str, Any]) -> None:
    for name in ("worker-cases", "companies"):
        service = compose["services"][name]
        assert "registries" not in service["networks"]
        assert "${REGISTRIES_TOKEN" not in str(service["environment"])
    companies = set(compose["services"]["companies"]["networks"])
    assert all(companies & set(compose["services"][name]["networks"]) for name in ("api", "worker-cases"))


def test_only_the_api_is_open_to_the_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "outside" in service["networks"]] == ["api"]
    published = {name: service["ports"] for name, service in compose["services"].items() if "ports" in service}
    assert set(published) == {"api", "temporal-ui", "companies"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)
    assert all(compose["networks"][name].get("internal") for name in ("inside", "engine", "registries", "companies"))
