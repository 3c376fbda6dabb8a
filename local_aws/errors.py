"""Errors as AWS's JSON services give them to a client."""

from moto.core.exceptions import JsonRESTError


class ApiError(JsonRESTError):
    """An AWS error: ``ApiError("EntityNotFoundException", "Entity not found: job x")``."""

    code = 400
