"""Where events are written, and from where every process of an application reads them."""
