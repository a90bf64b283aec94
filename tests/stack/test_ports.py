"""Ports that are not free."""

import os
import socket
from pathlib import Path

import pytest

from settings import PORT_OFFSETS, Settings
from stack.errors import StackProblem
from stack.part import Part, Port
from stack.parts import all_parts, choose
from stack.ports import require_free_ports


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stack.ports.PATIENCE_SECONDS", 0.0)


def part_on(port: int) -> Part:
    return Part(name="api", argv=(), cwd=Path(), env={}, ports=(Port(port),))


def test_a_port_in_use_is_named_with_its_holder_and_the_setting_that_moves_us() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StackProblem) as problem:
            require_free_ports([part_on(port)])
    assert f"Port {port}, which api needs, is in use" in str(problem.value)
    assert f"process {os.getpid()}" in str(problem.value)
    assert "ONETRIP_PORT" in str(problem.value)
    require_free_ports([part_on(port)])


@pytest.mark.parametrize("number", [0, 65536, 70000])
def test_a_number_that_is_no_port_is_a_sentence(number: int) -> None:
    with pytest.raises(StackProblem, match=f"no port {number}: set ONETRIP_PORT"):
        require_free_ports([part_on(number)])


def test_every_port_of_the_settings_is_checked_and_no_two_parts_share_one(tmp_path: Path) -> None:
    settings = Settings(onetrip_home=tmp_path, onetrip_port=21000, s3_access_key="a", s3_secret_key="b")
    ports = [port.number for part in all_parts(settings) for port in part.ports]
    assert sorted(ports) == sorted({21000, *(21000 + offset for offset in PORT_OFFSETS.values())})


@pytest.mark.parametrize(
    ("part", "given"),
    [
        ("postgres", {"database_url": "postgresql://db.example/onetrip"}),
        ("temporal", {"temporal_address": "temporal.example:7233"}),
        ("seaweedfs", {"s3_endpoint": "https://s3.example"}),
        (
            "simulators",
            {
                "registries_url": "https://r.example",
                "sms_url": "https://s.example",
                "post_url": "https://p.example",
                "payments_url": "https://m.example",
                "smtp_url": "smtps://mail.example",
            },
        ),
    ],
)
def test_a_part_pointed_elsewhere_is_not_started_and_nobody_waits_for_it(part: str, given: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(onetrip_home=tmp_path, s3_access_key="a", s3_secret_key="b", **given)  # type: ignore[arg-type]
    parts = all_parts(settings)
    assert part not in {each.name for each in parts}
    assert all(part not in each.needs for each in parts)


def test_choosing_an_unknown_part_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(StackProblem, match="no part elasticsearch: choose from infrastructure, api, "):
        choose(all_parts(Settings(onetrip_home=tmp_path)), ["elasticsearch"])
