"""One office for the session: reading the fonts costs more than any test."""

import pytest

from adapters.documents import OfficeDocuments
from tests.adapters.documents.builders import FONTS, OFFICE, SITE, make_certificate


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> OfficeDocuments:
    return OfficeDocuments(tmp_path_factory.mktemp("office"), OFFICE, FONTS, SITE)


@pytest.fixture(scope="session")
def sealed(office: OfficeDocuments) -> bytes:
    return office.make_now(make_certificate()).pdf
