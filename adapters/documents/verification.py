"""Verifying a document with no network and no secret: only the office's root certificate and its token key.

The order is the defence. First the raw bytes: one byte range that leaves out nothing but the signature itself. Then the
signature over them, against the office's root. Only a file that the office itself sealed, unchanged, reaches the PDF
parser; a hostile file is hashed once, and no more.
"""

import asyncio
import hashlib
import io
import logging
import re
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import cms  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation.generic_cms import async_validate_cms_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel, SignatureStatus
from pyhanko_certvalidator import ValidationContext

from adapters.documents.authority import PublicAuthority, open_public
from adapters.documents.token import DocumentClaims, read_token
from domain.documents import SealVerdict
from domain.text import Bilingual

# A hostile file must not fill the log with traces that quote it.
logging.getLogger("pyhanko.sign").setLevel(logging.CRITICAL)

MAX_BYTES = 20 * 1024 * 1024
_MAX_CMS_BYTES = 32 * 1024
_MAX_CERTIFICATES = 8
_VERSION_1 = bytes.fromhex("020101")
_SHA256 = bytes.fromhex("300d06096086480165030402010500")
_BYTE_RANGE = re.compile(rb"/ByteRange\s{0,8}\[\s{0,8}(\d{1,9})\s{1,8}(\d{1,9})\s{1,8}(\d{1,9})\s{1,8}(\d{1,9})\s{0,8}\]")

NOT_A_PDF = SealVerdict(
    result="not-a-pdf",
    text=Bilingual(
        zh="这不是可核验的 PDF 文件（或超过 20 MB）。请上传签发时下载的原始文件。",
        en="This is not a PDF file that can be verified (or it is over 20 MB). Use the original file as it was downloaded.",
    ),
)
UNSEALED = SealVerdict(
    result="unsealed",
    text=Bilingual(
        zh="该文件没有电子签章，不能证明由本机关签发。打印件或扫描件请扫描二维码核验。",
        en="This file carries no electronic seal: nothing shows that this office issued it. For a print or a scan, scan its QR code.",
    ),
)
NOT_OURS = SealVerdict(
    result="not-ours",
    text=Bilingual(
        zh="该文件由其他签发者签章，不是本机关签发的文件。", en="This file was sealed by somebody else. This office did not issue it."
    ),
)
ALTERED = SealVerdict(
    result="altered",
    text=Bilingual(
        zh="该文件在签章之后被改动过，或已损坏，不可采信。",
        en="This file was changed after it was sealed, or is damaged. Do not rely on it.",
    ),
)
TOKEN_NOT_OURS = SealVerdict(
    result="not-ours",
    text=Bilingual(zh="该二维码不是本机关签发的，或已被改动。", en="This office did not issue this code, or it was changed."),
)


class Verifier:
    """Answers for files and QR tokens of one office. Never raises on what it is given; safe to use from several threads."""

    def __init__(self, public: PublicAuthority) -> None:
        self._token_key = public.token_key
        self._root = asn1_x509.Certificate.load(public.root.public_bytes(Encoding.DER))

    def verify(self, pdf: bytes) -> SealVerdict:
        """Whether this file is, byte for byte, one that the office sealed."""
        if len(pdf) > MAX_BYTES or not pdf.startswith(b"%PDF-"):
            return NOT_A_PDF
        envelope = _find_envelope(pdf)
        if envelope is None:
            return UNSEALED if b"/ByteRange" not in pdf else ALTERED
        try:
            verdict = self._check_signature(envelope)
            return verdict or self._read_document(pdf)
        except Exception:  # hostile ASN.1 and PDF fail in every way that a parser knows; whatever fails is not genuine
            return ALTERED

    def verify_token(self, token: str) -> SealVerdict:
        """Whether the office issued this QR code. It vouches for number and time; the page compares the content by eye or digest."""
        claims = read_token(token, self._token_key)
        return TOKEN_NOT_OURS if claims is None else _genuine_token(claims)

    def _check_signature(self, envelope: "_Envelope") -> SealVerdict | None:
        """None when the office's seal covers exactly these bytes."""
        signed = _signed_data(envelope.cms)
        if signed is None:
            return ALTERED
        if not _issued_by(signed, self._root):
            return NOT_OURS
        context = ValidationContext(trust_roots=[self._root], allow_fetching=False)
        status = _run_to_end(
            async_validate_cms_signature(
                signed,
                raw_digest=envelope.digest,
                validation_context=context,
                key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
            )
        )
        if not (status.intact and status.valid):
            return ALTERED
        if not status.trusted:
            return NOT_OURS
        exact = envelope.whole and envelope.canonical and _names_exactly(signed, status.signing_cert)
        return None if exact else ALTERED

    def _read_document(self, pdf: bytes) -> SealVerdict:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        signatures = reader.embedded_signatures
        if len(signatures) != 1:
            return ALTERED
        seal = signatures[0]
        seal.compute_integrity_info(skip_diff=True)
        if seal.coverage != SignatureCoverageLevel.ENTIRE_FILE or seal.docmdp_level != MDPPerm.NO_CHANGES:
            return ALTERED
        information = reader.trailer["/Info"]
        claims = read_token(str(information["/Keywords"]), self._token_key)
        if claims is None:
            return ALTERED
        return _genuine(claims, str(information["/Author"]))


def verify_file(path: Path, public: Path) -> SealVerdict:
    """Verify a file with nothing but the office's public folder.

    Raises:
        OSError: the file cannot be read.
        AuthorityDamaged: the public folder is incomplete.
    """
    verifier = Verifier(open_public(public))
    with path.open("rb") as file:
        return verifier.verify(file.read(MAX_BYTES + 1))


@dataclass(frozen=True)
class _Envelope:
    """What a signature claims to cover. `canonical`: the bytes it leaves out are the signature alone, written in one possible way."""

    digest: bytes
    cms: bytes
    whole: bool
    canonical: bool


def _find_envelope(pdf: bytes) -> _Envelope | None:
    """The last signature of the file, the only one that can cover the whole of it."""
    last = pdf.rfind(b"/ByteRange")
    match = _BYTE_RANGE.match(pdf, last) if last >= 0 else None
    if match is None:
        return None
    start, length, second, second_length = map(int, match.groups())
    if not (start == 0 and length < second and second + second_length <= len(pdf)) or second - length > 4 * _MAX_CMS_BYTES:
        return None
    gap = pdf[length:second]
    if len(gap) < 4 or gap[:1] != b"<" or gap[-1:] != b">":
        return None
    try:
        padded = bytes.fromhex(gap[1:-1].decode("ascii"))
    except ValueError:
        return None
    sealed = _without_padding(padded)
    if sealed is None:
        return None
    canonical = (
        sealed.startswith(_expected_head(len(sealed)))
        and gap == b"<" + (sealed + bytes(len(padded) - len(sealed))).hex().upper().encode() + b">"
    )
    digest = hashlib.sha256(memoryview(pdf)[:length])
    digest.update(memoryview(pdf)[second : second + second_length])
    return _Envelope(digest.digest(), sealed, second + second_length == len(pdf), canonical)


def _without_padding(padded: bytes) -> bytes | None:
    """The DER object at the beginning: a SEQUENCE with a long-form length of two bytes, which is what a signature container has."""
    if len(padded) < 64 or padded[0] != 0x30 or padded[1] != 0x82:
        return None
    end = 4 + int.from_bytes(padded[2:4], "big")
    return padded[:end] if end <= min(len(padded), _MAX_CMS_BYTES) else None


def _expected_head(size: int) -> bytes:
    """How a seal's container of `size` bytes begins: signed data, version 1, SHA-256, detached content.

    The signature protects none of this, and parsers overlook changes in it; there is one right way to write it.
    """
    outer, tagged, inner = (length.to_bytes(2, "big") for length in (size - 4, size - 19, size - 23))
    return (
        bytes.fromhex("3082") + outer + bytes.fromhex("06092a864886f70d010702 a082") + tagged + bytes.fromhex("3082") + inner
        + _VERSION_1 + bytes.fromhex("310f") + _SHA256 + bytes.fromhex("300b06092a864886f70d010701 a0")
    )  # fmt: skip


def _signed_data(encoded: bytes) -> cms.SignedData | None:
    """The signature container, when it is the kind that a seal is: one signer, nothing that the signature does not protect."""
    container = cms.ContentInfo.load(encoded, strict=True)
    if container["content_type"].native != "signed_data":
        return None
    signed = container["content"]
    signers, certificates = signed["signer_infos"], signed["certificates"]
    if len(signers) != 1 or len(certificates) > _MAX_CERTIFICATES:
        return None
    signer = signers[0]
    if signer["unsigned_attrs"].native or not signer.contents.startswith(_VERSION_1) or signer["digest_algorithm"].dump() != _SHA256:
        return None
    return signed


def _names_exactly(signed: cms.SignedData, certificate: asn1_x509.Certificate) -> bool:
    """Whether the signer is named by the very bytes of its certificate: parsers compare names without regard to case."""
    body = certificate["tbs_certificate"]
    named: bytes = signed["signer_infos"][0]["sid"].chosen.contents
    return bool(named == body["issuer"].dump() + body["serial_number"].dump())


def _issued_by(signed: cms.SignedData, root: asn1_x509.Certificate) -> bool:
    """Whether the certificate that comes along names our root; the chain itself is checked afterwards."""
    return any(
        choice.chosen.issuer == root.subject and choice.chosen.authority_key_identifier == root.key_identifier
        for choice in signed["certificates"]
        if isinstance(choice.chosen, asn1_x509.Certificate)
    )


def _genuine(claims: DocumentClaims, office: str) -> SealVerdict:
    return SealVerdict(
        result="genuine",
        number=claims.number,
        issued_at=claims.issued,
        office=office,
        text=Bilingual(zh="该文件由本机关签发，签发后未被改动。", en="This office issued this file, and it has not been changed since."),
    )


def _genuine_token(claims: DocumentClaims) -> SealVerdict:
    return SealVerdict(
        result="genuine",
        number=claims.number,
        issued_at=claims.issued,
        text=Bilingual(
            zh="该二维码由本机关签发。请核对编号和内容是否与纸面一致；如需确认内容未被改动，请核验电子文件。",
            en="This office issued this code. Compare number and content with the paper; to be sure, verify the electronic file.",
        ),
    )


def _run_to_end(coroutine: Coroutine[object, object, SignatureStatus]) -> SignatureStatus:
    """pyHanko's validation is asynchronous, though offline it waits for nothing; a running loop cannot run another."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
