"""The office's own TEST certificate authority, made at first start: a root, the document seal's certificate, the QR token's key.

In production the same files come from the office's real authority; only their contents change.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from joserfc.jwk import OKPKey

from domain.text import Bilingual

ROOT_YEARS, SEAL_YEARS = 20, 10
PUBLIC_ROOT, PUBLIC_TOKEN_KEY = "root.pem", "token-key.json"
_DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_COMMON_NAME_LIMIT = 64  # X.520 upper bound


class AuthorityDamaged(RuntimeError):
    """The authority's folder exists, and a file in it is missing or unreadable."""


@dataclass(frozen=True)
class Authority:
    """What sealing needs. `public` is the folder that a verifier gets; it holds no secret."""

    seal_key: EllipticCurvePrivateKey
    seal_certificate: x509.Certificate
    token_key: OKPKey
    public: Path


@dataclass(frozen=True)
class PublicAuthority:
    """What verifying needs: the root certificate and the Ed25519 key of the QR tokens."""

    root: x509.Certificate
    token_key: OKPKey


def open_authority(home: Path, office: Bilingual) -> Authority:
    """Load `home/authority`, making it first where there is none. Several processes may start at once: one wins, all load its keys.

    Raises:
        AuthorityDamaged: a file is missing or unreadable. Nothing is overwritten: old documents verify with the old root only.
    """
    folder = home / "authority"
    if not folder.exists():
        _make_atomically(folder, office)
    return load_authority(folder)


def load_authority(folder: Path) -> Authority:
    """Load an existing authority: `seal.key`, `seal.pem`, `token.key`, `public/`. The root's key is not needed, and should not be there.

    Raises:
        AuthorityDamaged: a file is missing or unreadable.
    """
    try:
        return _load(folder)
    except (OSError, ValueError, TypeError) as error:
        raise AuthorityDamaged(
            f"{folder} is incomplete; restore it from a backup, or move it away to begin with a new authority"
        ) from error


def open_public(public: Path) -> PublicAuthority:
    """Load the public folder.

    Raises:
        AuthorityDamaged: a file is missing or unreadable.
    """
    try:
        root = x509.load_pem_x509_certificate((public / PUBLIC_ROOT).read_bytes())
        return PublicAuthority(root, OKPKey.import_key(json.loads((public / PUBLIC_TOKEN_KEY).read_text())))
    except (OSError, ValueError, TypeError) as error:
        raise AuthorityDamaged(f"{public} does not hold {PUBLIC_ROOT} and {PUBLIC_TOKEN_KEY}") from error


def _load(folder: Path) -> Authority:
    seal_key = load_pem_private_key((folder / "seal.key").read_bytes(), password=None)
    if not isinstance(seal_key, EllipticCurvePrivateKey):
        raise ValueError("the seal's key is not an elliptic curve key")
    certificate = x509.load_pem_x509_certificate((folder / "seal.pem").read_bytes())
    if certificate.public_key() != seal_key.public_key():
        raise ValueError("the seal's key and certificate do not belong together")
    token_key = OKPKey.import_key(json.loads((folder / "token.key").read_text()))
    open_public(folder / "public")
    return Authority(seal_key, certificate, token_key, folder / "public")


def _make_atomically(folder: Path, office: Bilingual) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".authority-", dir=folder.parent))
    try:
        _make(draft, office)
        draft.chmod(0o755)  # the keys inside are 0600; `public` must be readable by whoever verifies
        try:
            draft.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was first: its authority is the one
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _make(folder: Path, office: Bilingual) -> None:
    root_key, seal_key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root_name = _name(office, "Test Root CA 测试根证书")
    root = _issue(root_name, root_name, root_key, root_key, ROOT_YEARS, _root_extensions)
    seal = _issue(_name(office, "Test Document Seal 测试电子签章"), root_name, seal_key, root_key, SEAL_YEARS, _seal_extensions)
    token_key = OKPKey.generate_key("Ed25519", auto_kid=False)
    token_key = OKPKey.import_key(token_key.as_dict(private=True), {"kid": token_key.thumbprint()[:8], "alg": "Ed25519", "use": "sig"})

    public = folder / "public"
    public.mkdir(mode=0o755)
    _write(folder / "root.key", _pem(root_key), 0o600)
    _write(folder / "seal.key", _pem(seal_key), 0o600)
    _write(folder / "token.key", json.dumps(token_key.as_dict(private=True)).encode(), 0o600)
    _write(folder / "seal.pem", seal.public_bytes(Encoding.PEM), 0o644)
    _write(public / PUBLIC_ROOT, root.public_bytes(Encoding.PEM), 0o644)
    _write(public / PUBLIC_TOKEN_KEY, json.dumps(token_key.as_dict(private=False), indent=1).encode(), 0o644)


def _name(office: Bilingual, what: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, office.zh[:_COMMON_NAME_LIMIT]),
            x509.NameAttribute(NameOID.COMMON_NAME, f"OneTrip {what}"),
        ]
    )


_Extensions = Callable[[x509.CertificateBuilder], x509.CertificateBuilder]


def _issue(
    subject: x509.Name,
    issuer: x509.Name,
    key: EllipticCurvePrivateKey,
    issuer_key: EllipticCurvePrivateKey,
    years: int,
    extensions: _Extensions,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # clocks of verifiers differ
        .not_valid_after(now + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return extensions(builder).sign(issuer_key, hashes.SHA256())


def _root_extensions(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
        _key_usage(key_cert_sign=True, crl_sign=True), critical=True
    )


def _seal_extensions(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([_DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    )


def _key_usage(
    digital_signature: bool = False, content_commitment: bool = False, key_cert_sign: bool = False, crl_sign: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
