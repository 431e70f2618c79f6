"""The parts of a multipart/form-data body (RFC 7578), in memory."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import HTTP

CRLF = b"\r\n"


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part; ``filename`` and ``content_type`` are "" if it has none."""

    name: str
    content: bytes
    filename: str = ""
    content_type: str = ""


def parse_multipart(content_type: str, body: bytes) -> tuple[FormPart, ...]:
    """Return the parts. Raise ``ValueError`` for a body that isn't multipart or is incomplete."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise ValueError("the body is not multipart/form-data")
    mark = b"--" + boundary.encode()
    _, *pieces = (CRLF + body).split(CRLF + mark)
    if not pieces or not pieces[-1].startswith(b"--"):
        raise ValueError("the body breaks off")
    return tuple(_parse_part(piece) for piece in pieces[:-1])


def _parse_part(piece: bytes) -> FormPart:
    head, blank, content = piece.partition(CRLF + CRLF)
    headers = BytesHeaderParser(policy=HTTP).parsebytes(head.lstrip())
    disposition = headers["content-disposition"]
    name = disposition.params.get("name") if disposition is not None else None
    if not blank or not name:
        raise ValueError("a part has no name")
    return FormPart(
        name,
        content,
        disposition.params.get("filename", ""),
        headers.get_content_type() if "content-type" in headers else "",
    )
