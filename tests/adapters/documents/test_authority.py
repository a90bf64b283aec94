"""The office's test authority: made once, safe from races, and public where it must be."""

import json
import stat
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from adapters.documents import AuthorityDamaged, open_public
from adapters.documents.authority import load_authority, open_authority
from tests.adapters.documents.builders import OFFICE


def seal_certificate_of(home: Path) -> bytes:
    return open_authority(home, OFFICE).seal_certificate.public_bytes(Encoding.DER)


def test_the_second_start_finds_the_keys_of_the_first(tmp_path: Path) -> None:
    assert seal_certificate_of(tmp_path) == seal_certificate_of(tmp_path)


def test_processes_that_start_at_once_share_one_authority(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as starters:
        certificates = set(starters.map(seal_certificate_of, [tmp_path] * 4))
    assert len(certificates) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["authority"]


def test_keys_are_for_their_owner_and_the_public_folder_holds_none(tmp_path: Path) -> None:
    open_authority(tmp_path, OFFICE)
    folder = tmp_path / "authority"
    for key in folder.glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(list(folder.glob("*.key"))) == 3
    for path in (folder / "public").iterdir():
        assert "PRIVATE" not in path.read_text()
        assert path.suffix != ".json" or "d" not in json.loads(path.read_text())


def test_the_certificates_say_that_they_are_for_tests_and_form_a_chain(tmp_path: Path) -> None:
    authority = open_authority(tmp_path, OFFICE)
    root = open_public(authority.public).root
    authority.seal_certificate.verify_directly_issued_by(root)
    root.verify_directly_issued_by(root)
    for certificate in (root, authority.seal_certificate):
        assert "Test" in certificate.subject.rfc4514_string()
    assert not authority.seal_certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.parametrize("lost", ["seal.key", "seal.pem", "token.key", "public/root.pem", "public/token-key.json"])
def test_a_lost_file_is_an_error_and_never_a_new_authority(tmp_path: Path, lost: str) -> None:
    open_authority(tmp_path, OFFICE)
    (tmp_path / "authority" / lost).unlink()
    with pytest.raises(AuthorityDamaged):
        open_authority(tmp_path, OFFICE)
    assert not (tmp_path / "authority" / lost).exists()


def test_a_seal_key_of_another_certificate_is_an_error(tmp_path: Path) -> None:
    open_authority(tmp_path / "one", OFFICE)
    open_authority(tmp_path / "other", OFFICE)
    (tmp_path / "one/authority/seal.key").write_bytes((tmp_path / "other/authority/seal.key").read_bytes())
    with pytest.raises(AuthorityDamaged):
        open_authority(tmp_path / "one", OFFICE)


def test_an_authority_from_elsewhere_is_used_without_its_root_key_and_never_made(tmp_path: Path) -> None:
    folder = tmp_path / "given" / "authority"
    with pytest.raises(AuthorityDamaged):
        load_authority(folder)
    assert not folder.exists()
    open_authority(tmp_path / "given", OFFICE)
    (folder / "root.key").unlink()
    assert load_authority(folder).public == folder / "public"
