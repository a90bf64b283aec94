"""Verifying a file: the seal's word, and whether the certificate still counts."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from casework import verifying
from domain.documents import SealVerdict
from domain.errors import NotFound
from domain.text import Bilingual

TEXT = Bilingual(zh="真", en="Genuine")


def office(result: str, status: str | None) -> Any:
    """An office whose seal says `result`, and whose case of this number stands at `status`; None: no such number."""

    async def document(number: str) -> Any:
        if status is None:
            raise NotFound()
        return SimpleNamespace(application_id=uuid4(), number=number, status=status, issued_at="2026-11-21T00:00:00Z", sha256="0")

    async def case_file(application_id: object) -> Any:
        from tests.builders import make_service_item

        return {"item": make_service_item().model_dump(mode="json")}

    return SimpleNamespace(
        seals=SimpleNamespace(verify=lambda pdf: SealVerdict(result=result, number="OT1", text=TEXT)),
        papers=SimpleNamespace(document=document),
        desk=SimpleNamespace(case_file=case_file),
        settings_view=SimpleNamespace(office_name=TEXT),
    )


@pytest.mark.parametrize(
    ("result", "status", "said"),
    [
        ("genuine", "completed", "genuine"),
        ("genuine", "withdrawn", "revoked"),
        ("genuine", "void", "revoked"),
        ("genuine", None, "revoked"),
        ("altered", "completed", "altered"),
    ],
)
async def test_a_file_is_genuine_only_while_its_certificate_counts(result: str, status: str | None, said: str) -> None:
    assert (await verifying.verify_file(office(result, status), b"%PDF")).result == said
