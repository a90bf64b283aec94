"""SMS: handed over once, and an operator that does not answer is said to be unavailable."""

from pathlib import Path

import pytest
from starlette.applications import Starlette

from adapters.notices.sms import HttpSms
from domain.errors import Unavailable
from simulators.sms import Sms
from tests.serving import serve


async def test_a_message_handed_over_twice_arrives_once_and_an_outage_is_unavailable(tmp_path: Path) -> None:
    operator = Sms(tmp_path, "t")
    with serve(Starlette(routes=operator.routes())) as base:
        gateway = HttpSms(f"{base}/sms", "t")
        for _ in range(2):
            await gateway.send(message_id="m-1", phone="19900000001", text="您的验证码是 4821。")
        assert (len(operator.delivered("19900000001")), operator.duplicates) == (1, 1)

        operator.faults.change({"sms": {"outage": True}})
        with pytest.raises(Unavailable):
            await gateway.send(message_id="m-2", phone="19900000001", text="再次")
        assert len(operator.delivered("19900000001")) == 1
        await gateway.aclose()


async def test_a_wrong_token_or_nobody_there_is_unavailable(tmp_path: Path) -> None:
    with serve(Starlette(routes=Sms(tmp_path, "t").routes())) as base:
        for gateway in (HttpSms(f"{base}/sms", "wrong"), HttpSms("http://127.0.0.1:1/sms", "t")):
            with pytest.raises(Unavailable) as refused:
                await gateway.send(message_id="m-1", phone="19900000001", text="您的验证码是 4821。")
            assert "19900000001" not in f"{refused.value} {refused.value.__cause__}"
            await gateway.aclose()
