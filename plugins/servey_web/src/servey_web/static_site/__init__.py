"""The files of a folder as a web site, behind everything else that the host serves."""
