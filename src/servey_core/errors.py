"""Every exception that Servey raises, by who can do something about it.

ServeyError
├── ConfigurationError         the application's developer mends it, before anything is served
│   ├── SettingsError          a setting has a value that cannot be used
│   ├── ActionError            an action's declaration cannot work
│   │   └── SignatureError     a parameter or result annotation cannot work
│   ├── DuplicateActionError   two functions claim one name
│   ├── DiscoveryError         the module of actions is not there
│   ├── UnservedTriggerError   no installed plugin serves a trigger
│   ├── PluginError            a plugin cannot be loaded, or broke a hook's contract
│   └── UnknownNameError       a name that nothing registered
├── ServiceError               a running service crashed
└── ProblemError               the caller reads it, as an RFC 9457 problem
    ├── BadRequest 400             ├── Conflict 409
    │   └── IdempotencyKeyMissing  │   └── StillUnderWay
    ├── Unauthorized 401           ├── PayloadTooLarge 413
    ├── PermissionDenied 403       ├── UriTooLong 414
    ├── NotFound 404               ├── UnsupportedMediaType 415
    ├── MethodNotAllowed 405       ├── InvalidInput 422
    ├── RequestTimeout 408         ├── IdempotencyKeyReused 422
    ├── InternalError 500          ├── TooManyRequests 429
    ├── ActionTimeout 504          ├── HeadersTooLarge 431
    │                              └── Unavailable 503
    │                                  └── QueueFull
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from servey_core.naming import did_you_mean, kebab_case, sentence_case

_FRAGMENT = "!$&'()*+,;=:@?"
"""What may stand in a fragment, besides letters, digits and `_.-~` (RFC 3986, section 3.5)."""

PROBLEM_TYPE_PREFIX = "urn:servey:problem:"


class ServeyError(Exception):
    """The root of every exception that Servey raises."""


class ConfigurationError(ServeyError):
    """The application cannot start as it is written, installed or configured."""


class SettingsError(ConfigurationError):
    """A setting has a value that cannot be used."""


class ActionError(ConfigurationError):
    """An action's declaration cannot work.

    Attributes:
        action: The action's name.
        place: Where it was declared, as `file:line`.
    """

    def __init__(self, action: str, place: str, reason: str) -> None:
        super().__init__(f"Action {action!r} ({place}): {reason}")
        self.action = action
        self.place = place


class SignatureError(ActionError):
    """A parameter or a result is annotated in a way that cannot work."""


class DuplicateActionError(ConfigurationError):
    """Two functions claim one action name."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        super().__init__(
            f"Two actions are named {name!r}: {' and '.join(places)}. "
            f"Give one of them another name: @action(name=...)."
        )
        self.name = name
        self.places = tuple(places)


class DiscoveryError(ConfigurationError):
    """The module that should hold the actions cannot be found."""


class UnservedTriggerError(ConfigurationError):
    """No installed plugin serves a trigger that an action declares."""


class PluginError(ConfigurationError):
    """A plugin cannot be loaded, or broke a hook's contract.

    Attributes:
        plugin: The plugin's entry-point name.
        distribution: The distribution that it was installed by.
    """

    def __init__(self, plugin: str, distribution: str, reason: str) -> None:
        super().__init__(f"Plugin {plugin!r} (distribution {distribution!r}): {reason}")
        self.plugin = plugin
        self.distribution = distribution


class UnknownNameError(ConfigurationError):
    """A name was asked for that nothing registered."""

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        super().__init__(f"No {kind} is named {name!r}. {did_you_mean(name, choices)}".rstrip())
        self.kind = kind
        self.name = name


class ServiceError(ServeyError):
    """A service that `servey serve` ran has crashed."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input.

    Attributes:
        pointer: Where, as a JSON Pointer in a URI fragment (RFC 6901, section 6): `#/address/zip`.
        detail: What is wrong, for a person.
        type: What is wrong, for a program: pydantic's stable error type, such as `int_parsing`.
    """

    pointer: str
    detail: str
    type: str


def json_pointer(parts: Iterable[object]) -> str:
    """A place in a JSON value as a URI fragment (RFC 6901, section 6).

    Args:
        parts: The names of members and the indices of items on the way there.
    """
    escaped = (str(part).replace("~", "~0").replace("/", "~1") for part in parts)
    return "#" + "".join(f"/{quote(part, safe=_FRAGMENT, errors='replace')}" for part in escaped)


class ProblemError(ServeyError):
    """An error whose text is meant for the caller, on whichever surface the call came.

    Subclass it for a problem of your own; `status` is an HTTP status code (RFC 9110, section 15),
    `title` and `type` are derived from the class's name unless they are set. Every word of
    `detail` and every extension reaches the caller.

    Args:
        detail: What happened in this very case, for a person.
        errors: One entry for each bad field.
        headers: HTTP response fields that belong to the problem, such as `Retry-After`.
        **extensions: Further members of the problem object (RFC 9457, section 3.2).
    """

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal Server Error"
    type: ClassVar[str] = "about:blank"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "title" not in vars(cls):
            cls.title = sentence_case(cls.__name__)
        if "type" not in vars(cls):
            cls.type = PROBLEM_TYPE_PREFIX + kebab_case(cls.__name__)
        if not 400 <= cls.status <= 599:  # noqa: PLR2004 - the range is the definition
            raise TypeError(f"{cls.__qualname__}.status must be 400 to 599, not {cls.status}.")

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extensions: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extensions = extensions


class BadRequest(ProblemError):  # noqa: N818 - the field's own names, as in RFC 9110
    """The request cannot be read: malformed JSON, bad encoding, a broken header."""

    status = 400


class IdempotencyKeyMissing(BadRequest):
    """The action runs only for callers who send an idempotency key, and there is none."""


class Unauthorized(ProblemError):  # noqa: N818
    """Nobody is there: no token where one is needed, or one that is not valid (RFC 6750)."""

    status = 401

    def __init__(self, detail: str = "", *, error: str = "", **extensions: Any) -> None:
        challenge = f'Bearer error="{error}"' if error else "Bearer"
        super().__init__(detail, headers={"WWW-Authenticate": challenge}, **extensions)


class PermissionDenied(ProblemError):  # noqa: N818
    """Somebody is there, and may not do this."""

    status = 403


class NotFound(ProblemError):  # noqa: N818
    """What was asked for does not exist."""

    status = 404


class MethodNotAllowed(ProblemError):  # noqa: N818
    """The resource exists, but not for this method."""

    status = 405


class RequestTimeout(ProblemError):  # noqa: N818
    """The caller was too slow to send the request."""

    status = 408


class Conflict(ProblemError):  # noqa: N818
    """The request does not fit the present state of what it would change."""

    status = 409


class StillUnderWay(Conflict):
    """A call with the same idempotency key has not ended yet; ask again later."""

    def __init__(self, detail: str = "", *, retry_after: int = 1, **extensions: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **extensions)


class PayloadTooLarge(ProblemError):  # noqa: N818
    """The request's body is larger than is accepted."""

    status = 413


class UriTooLong(ProblemError):  # noqa: N818
    """The request's target is longer than is accepted."""

    status = 414
    title = "URI too long"


class UnsupportedMediaType(ProblemError):  # noqa: N818
    """The request's body is of a content type that is not accepted."""

    status = 415


class InvalidInput(ProblemError):  # noqa: N818
    """The input was read, and one or more of its fields are wrong; `errors` says which."""

    status = 422


class IdempotencyKeyReused(ProblemError):  # noqa: N818
    """The idempotency key belongs to an earlier call, which had other arguments."""

    status = 422


class TooManyRequests(ProblemError):  # noqa: N818
    """The caller has used up its share for now."""

    status = 429


class HeadersTooLarge(ProblemError):  # noqa: N818
    """The request's header section is larger than is accepted."""

    status = 431


class InternalError(ProblemError):
    """The action failed in a way that its author did not foresee; the log has the reason."""

    status = 500


class Unavailable(ProblemError):  # noqa: N818
    """There is no room for the request just now; try again later."""

    status = 503

    def __init__(self, detail: str = "", *, retry_after: int = 1, **extensions: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)}, **extensions)


class QueueFull(Unavailable):
    """There is no room for the job just now; try again later."""


class ActionTimeout(ProblemError):  # noqa: N818
    """The action ran into its time limit."""

    status = 504
