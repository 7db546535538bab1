"""Runs an action for each webhook that somebody sends, as plain data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol

from servey_core.authorization import Authorization
from servey_core.durations import seconds_of
from servey_core.triggers import Trigger
from servey_core.webhook_secrets import secrets_of

if TYPE_CHECKING:
    from servey_core.actions import Action


class WebhookVerifier(Protocol):
    """Tells whether a webhook comes from who knows a secret; for schemes of other senders."""

    def __call__(
        self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], tolerance: float
    ) -> str | None:
        """Verify a webhook.

        Args:
            headers: The request's header fields, with names in small letters.
            body: Its body, as it came.
            secrets: The secrets, each of which may have signed it.
            tolerance: How old it may be, in seconds.

        Returns:
            What names the message, whichever time it is sent: of those with one name, one is
            run. None where the scheme has no such name.

        Raises:
            Unauthorized: It is not from them.
        """


@dataclass(frozen=True, kw_only=True)
class WebhookTrigger(Trigger):
    """Runs an action for each webhook: verified, once for each message, and then as any call.

    An action with one parameter is given the whole event; one with several, the members of the
    object that the event is.

    Attributes:
        secret: What the sender signs with: `whsec_…`, or the name of an environment variable that
            holds it; several while one takes the place of another.
        path: Where it is received; left out, `/webhooks/` and the action's name with dashes.
        tolerance: How old or early a message may be, in seconds or as a `timedelta`.
        authorization: For whom the action runs, where it wants to know; None for nobody.
        verifier: How it is verified; None for Standard Webhooks.
        max_body_bytes: The largest event, in bytes; None for what the settings say of bodies.

    Raises:
        ValueError: There is no secret, or the path or a number cannot be one.
    """

    served_by: ClassVar[str] = "servey-channels"

    secret: str | Sequence[str] = field(repr=False)
    path: str | None = None
    tolerance: float | timedelta = timedelta(minutes=5)
    authorization: Authorization | None = None
    verifier: WebhookVerifier | None = None
    max_body_bytes: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "secret", secrets_of(self.secret, "A webhook"))
        if self.path is not None and not self.path.startswith("/"):
            raise ValueError(f"A path starts with a slash: {self.path!r}")
        seconds_of(self.tolerance, "tolerance")
        if self.max_body_bytes is not None and self.max_body_bytes < 0:
            raise ValueError(f"A body cannot be smaller than nothing: {self.max_body_bytes!r}")

    def __str__(self) -> str:
        return f"webhook {self.path}" if self.path else "webhook"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets, and names of environment variables, the newest first."""
        return tuple(self.secret)

    @property
    def seconds(self) -> float:
        """How old or early a message may be, in seconds."""
        return seconds_of(self.tolerance)

    def path_for(self, action: "Action") -> str:
        """The path at which this trigger runs `action`."""
        return self.path or f"/webhooks/{action.path_name}"
