"""Sealing: a PAdES-B-B certification signature over the whole document that allows no later change."""

import io

from asn1crypto import keys as asn1_keys  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, SimpleSigner
from pyhanko.sign.signers.constants import ESIC_EXTENSION_1
from pyhanko_certvalidator.registry import SimpleCertificateStore

from adapters.documents.authority import Authority

FIELD = "OfficeSeal"
_CMS_ROOM = 2_560  # hex characters of the signature container beside the certificate; it uses about 1,700


class _PdfASigner(PdfSigner):
    """Keeps the file PDF 1.7, as PDF/A-2 asks: pyHanko would declare PDF 2.0 for any elliptic curve signature."""

    def register_extensions(self, pdf_out: BasePdfFileWriter, *, md_algorithm: str) -> None:
        pdf_out.register_extension(ESIC_EXTENSION_1)


class Sealer:
    """Keeps the parsed key and certificate; safe to use from several threads."""

    def __init__(self, authority: Authority, office_name: str) -> None:
        certificate = asn1_x509.Certificate.load(authority.seal_certificate.public_bytes(Encoding.DER))
        key = asn1_keys.PrivateKeyInfo.load(authority.seal_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
        self._signer = SimpleSigner(certificate, key, SimpleCertificateStore(), embed_roots=False)  # type: ignore[no-untyped-call]
        self._office_name = office_name
        self._room = _CMS_ROOM + 2 * len(certificate.dump())

    def seal(self, pdf: bytes) -> bytes:
        """The same document with the signature appended. The time in it is this machine's."""
        metadata = PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
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
