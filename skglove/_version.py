"""The version of skglove, written down once."""

__version__ = "0.1.0"
