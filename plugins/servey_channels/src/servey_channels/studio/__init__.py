"""The page of channels: the document as people read it, and a studio to try it in."""

from servey_channels.studio.serving import studio_routes

__all__ = ["studio_routes"]
