"""Sealing: a PAdES-B-B certification signature over the whole document that allows no later change."""

import io
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms  # type: ignore[import-untyped]
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from asn1crypto.parser import emit  # type: ignore[import-untyped]
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko_certvalidator.registry import SimpleCertificateStore

from adapters.documents.authority import Authority

FIELD = "OfficeSeal"
DIGEST = "sha256"
_CONTAINER_ROOM = 2_560  # hex characters of the signature container beside the certificate; it uses about 1,700
_UNIVERSAL, _CONTEXT, _PRIMITIVE, _CONSTRUCTED = 0, 2, 0, 1
_OCTET_STRING, _SEQUENCE, _SET = 4, 16, 17


class Sealer:
    """Keeps the parsed key and certificate; safe to use from several threads."""

    def __init__(self, authority: Authority, office_name: str) -> None:
        certificate = asn1_x509.Certificate.load(authority.seal_certificate.public_bytes(Encoding.DER))
        key = asn1_keys.PrivateKeyInfo.load(authority.seal_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        self._signer = _MouldSigner(certificate, key, SimpleCertificateStore(), embed_roots=False)  # type: ignore[no-untyped-call]
        self._office_name = office_name
        self._room = _CONTAINER_ROOM + 2 * len(certificate.dump())

    def seal(self, pdf: bytes) -> bytes:
        """The same document with the signature appended. The time in it is this machine's."""
        metadata = PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm=DIGEST,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
            name=self._office_name,
        )
        out = io.BytesIO()
        signer = _PdfASigner(metadata, self._signer, new_field_spec=SigFieldSpec(FIELD))
        # Room given, so that pyHanko need not sign once more only to learn the size.
        signer.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out, bytes_reserved=self._room)
        return out.getvalue()


class _PdfASigner(PdfSigner):
    """Keeps the file PDF 1.7, as PDF/A-2 asks: pyHanko would declare PDF 2.0 for any elliptic curve signature."""

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        pdf_out.register_extension(ESIC_EXTENSION_1)


class _MouldSigner(SimpleSigner):
    """Lets pyHanko compose the first signature container, and casts the following ones in its mould.

    From one document to the next only the digest and the signature over it differ; composing the rest anew took half of
    the time of sealing.
    """

    _mould: "_Mould | None" = None

    async def async_sign(self, data_digest: bytes, digest_algorithm: str, *args: Any, **settings: Any) -> cms.ContentInfo:
        mould = self._mould
        if mould is None or digest_algorithm != DIGEST:
            container = await super().async_sign(data_digest, digest_algorithm, *args, **settings)
            self._mould = _mould_of(container.dump(), data_digest)
            return container
        attributes = mould.attributes.replace(mould.digest, data_digest)
        signature = await self.async_sign_raw(_as_set(attributes), digest_algorithm)
        return cms.ContentInfo.load(mould.cast(attributes, signature))


@dataclass(frozen=True)
class _Mould:
    """The DER parts of a signature container (RFC 5652) in their order; `attributes` are the signed ones, with `digest` in them."""

    digest: bytes
    content_type: bytes
    before_signers: bytes
    before_attributes: bytes
    attributes: bytes
    algorithm: bytes

    def cast(self, attributes: bytes, signature: bytes) -> bytes:
        signed = emit(_UNIVERSAL, _PRIMITIVE, _OCTET_STRING, signature)
        signer = _sequence(self.before_attributes + attributes + self.algorithm + signed)
        content = _sequence(self.before_signers + emit(_UNIVERSAL, _CONSTRUCTED, _SET, signer))
        return _sequence(self.content_type + emit(_CONTEXT, _CONSTRUCTED, 0, content))


def _mould_of(container: bytes, digest: bytes) -> _Mould:
    """Raises ValueError when there is more in the container than a mould keeps."""
    outer = cms.ContentInfo.load(container)
    signed = outer["content"]
    signer = signed["signer_infos"][0]
    mould = _Mould(
        digest=digest,
        content_type=outer["content_type"].dump(),
        before_signers=b"".join(signed[part].dump() for part in ("version", "digest_algorithms", "encap_content_info", "certificates")),
        before_attributes=b"".join(signer[part].dump() for part in ("version", "sid", "digest_algorithm")),
        attributes=signer["signed_attrs"].dump(),
        algorithm=signer["signature_algorithm"].dump(),
    )
    if mould.attributes.count(digest) != 1 or mould.cast(mould.attributes, signer["signature"].native) != container:
        raise ValueError("the signature container holds parts that a mould does not keep")
    return mould


def _as_set(attributes: bytes) -> bytes:
    """The signature is over the attributes tagged as a SET (RFC 5652, 5.4), and not as they stand in the container."""
    return b"\x31" + attributes[1:]


def _sequence(content: bytes) -> bytes:
    encoded: bytes = emit(_UNIVERSAL, _CONSTRUCTED, _SEQUENCE, content)
    return encoded
