"""Taking apart `multipart/form-data` (RFC 7578) as it arrives, without holding it all in memory."""

from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from servey_core.errors import BadRequest, PayloadTooLarge, UnsupportedMediaType
from servey_core.files import in_thread
from servey_web.uploads import Upload

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

MEMORY_BYTES = 256 * 1024
"""How much of one form's files is kept in memory; they go to temporary files beyond that."""
MAX_FORM_FIELDS = 1000
MAX_FILES = 100
MAX_PART_HEADERS = 8
MAX_PART_HEADER_BYTES = 4096
MAX_BOUNDARY_BYTES = 256

_UNENCODED = (b"7bit", b"8bit", b"binary")
_UTF8 = (b"utf-8", b"utf8", b"us-ascii")


class Multipart:
    """A form that is arriving in parts.

    Args:
        boundary: What stands between the parts.
        texts: How large the fields may be, all together and in bytes.

    Attributes:
        fields: The fields so far: names and texts.
        uploads: The files so far.

    Raises:
        BadRequest: The boundary cannot be used.
    """

    def __init__(self, boundary: bytes, texts: int) -> None:
        if not 0 < len(boundary) <= MAX_BOUNDARY_BYTES:
            raise BadRequest("The Content-Type has no usable boundary.")
        self.fields: list[tuple[str, str]] = []
        self.uploads: list[Upload] = []
        self._texts = self._texts_left = texts
        self._memory_left = MEMORY_BYTES
        self._begun = self._ended = False
        self._header = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._text = bytearray()
        self._upload: Upload | None = None
        self._arrived: list[tuple[Upload, bytes]] = []
        callbacks: MultipartCallbacks = {
            "on_part_begin": self._begin_part,
            "on_header_field": self._add_to_header,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }
        self._parser = MultipartParser(
            boundary,
            callbacks,
            max_header_count=MAX_PART_HEADERS,
            max_header_size=MAX_PART_HEADER_BYTES,
        )

    async def feed(self, chunk: bytes) -> None:
        """Take what has arrived.

        Raises:
            BadRequest: It is malformed.
            PayloadTooLarge: There is more of something than is accepted.
            UnsupportedMediaType: A part is encoded in a way that forms do not have.
        """
        self._begun = True
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadRequest(f"The form cannot be read: {error}.") from None
        for upload, data in self._arrived:
            await self._keep(upload, data)
        self._arrived.clear()

    def finish(self) -> None:
        """Note that nothing more will arrive.

        Raises:
            BadRequest: Something is missing.
        """
        if self._begun and not self._ended:
            raise BadRequest("The form ends before its last boundary.")

    def close(self) -> None:
        """Let go of the files."""
        for upload in self.uploads:
            upload.close()

    async def _keep(self, upload: Upload, data: bytes) -> None:
        if upload.in_memory and len(data) > self._memory_left:
            self._memory_left += upload.size
            await in_thread(upload.move_to_disk)
        if upload.in_memory:
            self._memory_left -= len(data)
            upload.write(data)
        else:
            await in_thread(upload.write, data)

    def _begin_part(self) -> None:
        self._headers = {}

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        name = self._header.lower()
        if name in self._headers:
            raise BadRequest(f"A part of the form has the header {name.decode('ascii')} twice.")
        self._headers[name] = self._value
        self._header = self._value = b""

    def _end_headers(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data" or b"name" not in options:
            raise BadRequest("A part of the form does not say which field it is (RFC 7578).")
        if self._headers.get(b"content-transfer-encoding", b"binary").lower() not in _UNENCODED:
            raise UnsupportedMediaType("A form has no Content-Transfer-Encoding (RFC 7578).")
        self._name = decoded(options[b"name"])
        content_type = self._headers.get(b"content-type", b"")
        if b"filename" in options:
            self._begin_file(decoded(options[b"filename"]), content_type)
        else:
            self._begin_field(content_type)

    def _begin_file(self, filename: str, content_type: bytes) -> None:
        if len(self.uploads) == MAX_FILES:
            raise PayloadTooLarge(f"The form has more than {MAX_FILES} files.", limit=MAX_FILES)
        self._upload = Upload(self._name, filename, content_type.decode("latin-1"))
        self.uploads.append(self._upload)

    def _begin_field(self, content_type: bytes) -> None:
        if len(self.fields) == MAX_FORM_FIELDS:
            raise too_many_fields()
        check_charset(parse_options_header(content_type)[1])
        self._upload = None
        self._text = bytearray()

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._upload is not None:
            self._arrived.append((self._upload, data[start:end]))
            return
        self._texts_left -= end - start
        if self._texts_left < 0:
            text = f"The fields of the form are larger than {self._texts} bytes together."
            raise PayloadTooLarge(text, limit=self._texts)
        self._text += data[start:end]

    def _end_part(self) -> None:
        if self._upload is None:
            self.fields.append((self._name, decoded(self._text)))

    def _end(self) -> None:
        self._ended = True


def decoded(text: bytes | bytearray) -> str:
    """A text of a form.

    Raises:
        BadRequest: It is not UTF-8, or has a NUL.
    """
    try:
        found = text.decode()
    except UnicodeDecodeError:
        raise BadRequest("The form is not valid UTF-8.") from None
    if "\0" in found:
        raise BadRequest("The form has a NUL character.")
    return found


def check_charset(parameters: dict[bytes, bytes]) -> None:
    """Check the parameters of a content type.

    Raises:
        UnsupportedMediaType: They ask for another encoding than UTF-8.
    """
    if parameters.get(b"charset", b"utf-8").lower() not in _UTF8:
        raise UnsupportedMediaType("Forms are encoded in UTF-8.")


def too_many_fields() -> PayloadTooLarge:
    """The error for a form with more fields than are accepted."""
    text = f"The form has more than {MAX_FORM_FIELDS} fields."
    return PayloadTooLarge(text, limit=MAX_FORM_FIELDS)
