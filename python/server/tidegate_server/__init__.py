"""The scoring server: runs a v1 entry script (init(), run()) behind HTTP. See README.md."""

__version__ = "0.1.0"
