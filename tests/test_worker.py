"""What the worker of cases hands to the gateways."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import worker
from domain.notices import OutgoingNotice
from domain.text import Bilingual
from settings import Settings
from tests.driving import TestWiring
from workflows.policies import CASES_QUEUE

NOTICE = OutgoingNotice(message_id="m-1", to="lin@example.com", subject="Your application", text="Please sign in.", language="en")


class Gateway:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send(self, **message: Any) -> None:
        self.sent.append(message)


def wiring_with(**gateways: Any) -> TestWiring:
    name = Bilingual(zh="温州市公安局", en="Wenzhou Public Security Bureau")
    return TestWiring(Settings(), office_name=name, **gateways)


async def test_an_email_has_its_subject_the_text_and_the_sites_address() -> None:
    gateway = Gateway()
    wiring = wiring_with(email=gateway)
    await worker._by_email(wiring)(NOTICE)
    (message,) = gateway.sent
    assert (message["message_id"], message["address"], message["subject"]) == ("m-1", "lin@example.com", "Your application")
    assert message["text"].startswith("Please sign in.") and wiring.settings.site_url in message["text"]


async def test_an_sms_is_the_text_alone() -> None:
    gateway = Gateway()
    await worker._by_sms(wiring_with(sms=gateway))(NOTICE.model_copy(update={"to": "13800000001"}))
    assert gateway.sent == [{"message_id": "m-1", "phone": "13800000001", "text": "Please sign in."}]


def test_each_channel_has_a_sender_of_its_own() -> None:
    _, companions = worker.ROLES[CASES_QUEUE]
    assert sum(companion.__qualname__.startswith("_sender") for companion in companions) == 2


def test_the_identity_worker_steps_back_as_a_process_and_as_a_session() -> None:
    say = "import os, worker; worker._step_back(3); print(os.nice(0)); print(open('/proc/self/autogroup').read())"
    before = os.nice(0)
    done = subprocess.run(
        [sys.executable, "-c", say], cwd=Path(worker.__file__).parent, start_new_session=True, capture_output=True, text=True, check=False
    )
    niceness, *group = done.stdout.split("\n", 1)
    assert niceness == str(min(19, before + 3)), done.stderr
    if not Path("/proc/self/autogroup").exists():
        pytest.skip("this system has no groups of sessions")
    assert group[0].split()[-2:] == ["nice", "3"]
