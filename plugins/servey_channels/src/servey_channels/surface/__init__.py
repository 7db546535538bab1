"""How tests use an application's channels: what clients send, and the events that they hear."""

from servey_channels.surface.events import event_surface
from servey_channels.surface.inbound import channel_surface

__all__ = ["channel_surface", "event_surface"]
