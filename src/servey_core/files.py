"""Files: what an action takes as an upload, and gives as a download.

Where a surface has no files of its own (JSON, the command line, a queue), a file is the object
`{"filename": ..., "content_type": ..., "content": ...}`, whose content is in base64.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Callable
from io import SEEK_END, BytesIO
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self, final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import (
    CoreSchema,
    PydanticCustomError,
    PydanticSerializationUnexpectedValue,
    SchemaSerializer,
    core_schema,
)

from servey_core.filenames import is_content_type, plain_filename, type_told_by

CHUNK_BYTES = 64 * 1024


@final
class File:
    """A file that came in or goes out.

    An upload can be read for as long as its request lasts; it is closed then.

    Args:
        stream: The content; it can be read and sought, and is at its beginning.
        filename: Its name; folders and control characters are taken out of it.
        content_type: Its type, such as `image/png`; left out, what the name tells.

    Attributes:
        filename: Its name, which is the sender's word; None where it has none.
        content_type: Its type, which is the sender's word too.
        size: How many bytes it has.

    Raises:
        ValueError: The content type is malformed.
    """

    __slots__ = ("_path", "_stream", "content_type", "filename", "size")

    __pydantic_serializer__: ClassVar[SchemaSerializer]

    def __init__(
        self,
        stream: BinaryIO,
        *,
        filename: str | None = None,
        content_type: str | None = None,
    ) -> None:
        self._describe(filename, content_type)
        self._path: Path | None = None
        self._stream: BinaryIO | None = stream
        self.size: int = stream.seek(0, SEEK_END)
        stream.seek(0)

    @classmethod
    def of(
        cls, data: bytes | str, *, filename: str | None = None, content_type: str | None = None
    ) -> Self:
        """A file with this content; text is encoded in UTF-8.

        Args:
            data: The content.
            filename: Its name.
            content_type: Its type; left out, what the name tells.

        Raises:
            ValueError: The content type is malformed.
        """
        content = data.encode() if isinstance(data, str) else data
        return cls(BytesIO(content), filename=filename, content_type=content_type)

    @classmethod
    def at(
        cls, path: Path | str, *, filename: str | None = None, content_type: str | None = None
    ) -> Self:
        """A file of this machine's; it is opened when it is first read.

        Args:
            path: Where it is.
            filename: Its name; left out, the last part of the path.
            content_type: Its type; left out, what the name tells.

        Raises:
            OSError: It is not there.
            ValueError: The content type is malformed.
        """
        file = cls.__new__(cls)
        file._path = Path(path)  # noqa: SLF001 - it is of this very class
        file._stream = None  # noqa: SLF001
        file.size = file._path.stat().st_size  # noqa: SLF001
        file._describe(filename or file._path.name, content_type)  # noqa: SLF001
        return file

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (self.content(), self.filename, self.content_type)

    def __repr__(self) -> str:
        return f"<File {self.filename!r}, {self.content_type}, {self.size} bytes>"

    @property
    def path(self) -> Path | None:
        """Where it is on this machine; None for an upload, and for what was made in memory."""
        return self._path

    @property
    def stream(self) -> BinaryIO:
        """The content as an ordinary binary file, for functions that are not asynchronous."""
        if self._stream is None:
            assert self._path is not None  # noqa: S101 - one of the two is there
            self._stream = self._path.open("rb")
        return self._stream

    async def read(self, n: int = -1) -> bytes:
        """Read on from where the last reading ended.

        Args:
            n: How many bytes at most; all that are left, where it is negative.
        """
        stream = self.stream
        return stream.read(n) if isinstance(stream, BytesIO) else await in_thread(stream.read, n)

    async def chunks(self, size: int = CHUNK_BYTES) -> AsyncIterator[bytes]:
        """The whole content from its beginning, in pieces.

        Args:
            size: How many bytes a piece has; the last may have fewer.
        """
        self.stream.seek(0)
        while chunk := await self.read(size):
            yield chunk

    def content(self) -> bytes:
        """The whole content, wherever reading has come to."""
        if self._stream is None and self._path is not None:
            return self._path.read_bytes()
        place = self.stream.tell()
        self.stream.seek(0)
        try:
            return self.stream.read()
        finally:
            self.stream.seek(place)

    def apart(self) -> "File":
        """This file as it is read for one caller: of one in memory, another with its content.

        One that is kept for several callers would be read by all of them from one place on, and be
        closed by the first of them.
        """
        if not isinstance(self._stream, BytesIO):
            return self
        return File.of(self.content(), filename=self.filename, content_type=self.content_type)

    def close(self) -> None:
        """Let go of what the content is kept in; closing again does nothing."""
        if self._stream is not None:
            self._stream.close()
        if self._path is not None:
            self._stream = None

    def _describe(self, filename: str | None, content_type: str | None) -> None:
        self.filename: str | None = plain_filename(filename or "")
        self.content_type: str = content_type or type_told_by(self.filename)
        if not is_content_type(self.content_type):
            raise ValueError(f"A content type is written like image/png, not {content_type!r}.")

    @classmethod
    def __get_pydantic_core_schema__(
        cls,
        source: Any,
        handler: GetCoreSchemaHandler,
    ) -> CoreSchema:
        from_object = core_schema.no_info_after_validator_function(_from_object, _OBJECT)
        return core_schema.json_or_python_schema(
            json_schema=from_object,
            python_schema=core_schema.no_info_wrap_validator_function(_unless_file, from_object),
            serialization=_WRITING,
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        text: JsonSchemaValue = {"type": "string"}
        required = ["content"] if handler.mode == "validation" else [*_NAMES]
        return {
            "type": "object",
            "description": "A file.",
            "properties": {
                "filename": {"anyOf": [text, {"type": "null"}]},
                "content_type": text,
                "content": {**text, "contentEncoding": "base64"},
            },
            "required": required,
            "additionalProperties": False,
        }


def _remade(content: bytes, filename: str | None, content_type: str) -> File:
    return File.of(content, filename=filename, content_type=content_type)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Run in a thread what may have to wait for a disk, to its end even when cancelled."""
    work = asyncio.get_running_loop().run_in_executor(None, function, *args)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait((work,))
        raise


def _unless_file(value: Any, read: core_schema.ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, File) else read(value)


def _from_object(members: dict[str, Any]) -> File:
    try:
        content = base64.b64decode(members.pop("content"), validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "The content should be in base64") from None
    return File.of(content, **members)


def _to_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, File):
        raise PydanticSerializationUnexpectedValue(f"Expected `File`, not {value!r}")
    content = base64.b64encode(value.content()).decode("ascii")
    return dict(zip(_NAMES, (value.filename, value.content_type, content), strict=True))


_NAMES = ("filename", "content_type", "content")
_TEXT = core_schema.str_schema()
_OBJECT = core_schema.typed_dict_schema(
    {
        "filename": core_schema.typed_dict_field(
            core_schema.nullable_schema(_TEXT), required=False
        ),
        "content_type": core_schema.typed_dict_field(_TEXT, required=False),
        "content": core_schema.typed_dict_field(_TEXT),
    },
    extra_behavior="forbid",
)
_WRITING = core_schema.plain_serializer_function_ser_schema(_to_object, when_used="json")

# What pydantic looks for where it writes a value without knowing what type to expect.
File.__pydantic_serializer__ = SchemaSerializer(core_schema.any_schema(serialization=_WRITING))
