"""Moto's objects as bytes: pickled, with new locks in the place of those they hold."""

import copyreg
import io
import pickle
import threading
from typing import Any

import moto
from moto.core.base_backend import BaseBackend

FORM = f"moto {moto.__version__}"
"""What the bytes can be read by."""

MADE_NEW: dict[type, Any] = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
    threading.Event: threading.Event,
}
ATTEMPTS = 20


class _Pickler(pickle.Pickler):
    """Leaves out the backend itself, to which some of moto's objects refer."""

    dispatch_table = copyreg.dispatch_table | dict.fromkeys(
        MADE_NEW, lambda lock: (MADE_NEW[type(lock)], ())
    )

    def __init__(self, content: io.BytesIO, backend: BaseBackend | None) -> None:
        super().__init__(content)
        self.backend = backend

    def persistent_id(self, value: Any) -> str | None:
        """Return a name for what is not written."""
        return "backend" if self.backend is not None and value is self.backend else None


class _Unpickler(pickle.Unpickler):
    """Puts the backend that is there now in the place of the one left out."""

    def __init__(self, content: io.BytesIO, backend: BaseBackend | None) -> None:
        super().__init__(content)
        self.backend = backend

    def persistent_load(self, name: str) -> Any:
        """Return what was not written."""
        return self.backend


def dumps(value: Any, backend: BaseBackend | None = None) -> bytes:
    """Return the value, a part of `backend` if given, as bytes."""
    for _ in range(ATTEMPTS):
        content = io.BytesIO()
        try:
            _Pickler(content, backend).dump(value)
        except RuntimeError as error:  # another request has just added to one of its dictionaries
            changed = error
        else:
            return content.getvalue()
    raise changed


def loads(content: bytes, backend: BaseBackend | None = None) -> Any:
    """Return what `dumps` was given, as a part of `backend`."""
    return _Unpickler(io.BytesIO(content), backend).load()
