"""The machine's network as it was before an engine changed it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BRIDGE = "docker0"
FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
# A table without rules is not saved, and restoring nothing leaves what is there.
EMPTY = {
    "filter": ("INPUT", "FORWARD", "OUTPUT"),
    "nat": ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"),
}


@contextmanager
def network_as_before() -> Iterator[None]:
    """Give firewall rules, forwarding and interfaces back as they are now."""
    rules = all_tables(subprocess.check_output(["iptables-save"], text=True))
    forwarding, had_bridge = FORWARD.read_text(), has_bridge()
    try:
        yield
    finally:
        if has_bridge() and not had_bridge:
            subprocess.run(["ip", "link", "delete", BRIDGE], check=True)
        subprocess.run(["iptables-restore"], input=rules, text=True, check=True)
        FORWARD.write_text(forwarding)


def has_bridge() -> bool:
    """Return whether the engine's network interface is there."""
    return Path("/sys/class/net", BRIDGE).exists()


def all_tables(saved: str) -> str:
    """Return the saved rules, with an empty table for each that an engine writes to."""
    missing = {table: chains for table, chains in EMPTY.items() if f"*{table}\n" not in saved}
    tables = [
        "\n".join([f"*{table}", *(f":{chain} ACCEPT" for chain in chains), "COMMIT\n"])
        for table, chains in missing.items()
    ]
    return saved + "".join(tables)
