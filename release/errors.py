"""What can be in the way of a release."""


class ReleaseError(Exception):
    """No release can be built; the message says why, and what to do."""
