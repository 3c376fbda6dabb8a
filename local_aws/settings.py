"""What one local AWS is told when it starts, and how any client reaches it."""

from dataclasses import dataclass
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "123456789012"
# Local AWS checks no signature, but every client insists on signing with something.
# pragma: allowlist nextline secret
ACCESS_KEY = SECRET_KEY = "testing"


@dataclass(frozen=True)
class Settings:
    """One local AWS: its port, its folder, and what Glue runs need."""

    port: int
    home: Path
    glue_python: Path
    jars: Path
    java_home: Path
    cores: int = 2
    seconds_per_minute: float = 60.0
    """How long a minute of a Glue timeout lasts; tests shorten it."""
    stop_grace_seconds: float = 5.0
    """How long a stopped Glue run may take to end by itself."""
    host: str = "127.0.0.1"
    """The address to listen on."""
    project: Path | None = None
    """The checkout whose deploy facts it sets itself up from, when it starts."""
    keep_state: bool = False
    """Whether the state outlives the process, under `home`."""

    @property
    def endpoint(self) -> str:
        """Return the address that every client uses."""
        return f"http://127.0.0.1:{self.port}"


def client_environment(endpoint: str, region: str = REGION) -> dict[str, str]:
    """Return the environment variables that point any AWS client at `endpoint`."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
    }


def delta_storage_options(endpoint: str, region: str = REGION) -> dict[str, str]:
    """Return the options with which delta-rs reads and writes ``s3://`` paths at `endpoint`."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_ALLOW_HTTP": "true",
    }
