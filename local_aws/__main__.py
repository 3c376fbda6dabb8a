"""``python -m local_aws``: serve one local AWS until it is told to end."""

import argparse
import logging
from pathlib import Path

from local_aws.server import serve
from local_aws.settings import Settings

FOLDERS = {
    "--home": "folder for the files of Glue runs and for large objects",
    "--glue-python": "the Python that runs Glue scripts",
    "--jars": "folder with the Delta and S3A jars",
    "--java-home": "a Java 17 runtime",
}
SECONDS = {
    "--seconds-per-minute": (60.0, "how long a minute of a Glue timeout lasts; tests shorten it"),
    "--stop-grace-seconds": (5.0, "how long a stopped Glue run may take to end by itself"),
}


def absolute_path(text: str) -> Path:
    """Return the path from the root; a virtual environment's link to its Python stays as it is."""
    return Path(text).absolute()


def parse_settings(arguments: list[str] | None = None) -> Settings:
    """Return the settings of the command line."""
    parser = argparse.ArgumentParser(prog="local_aws", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="loopback port to serve on")
    for name, text in FOLDERS.items():
        parser.add_argument(name, type=absolute_path, required=True, help=text)
    parser.add_argument("--cores", type=int, default=2, help="cores a Spark session may use")
    for name, (seconds, text) in SECONDS.items():
        parser.add_argument(name, type=float, default=seconds, help=f"{text} (%(default)s)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--project", type=absolute_path, help="set itself up for this checkout")
    parser.add_argument(
        "--keep-state",
        action="store_true",
        help="keep the state under --home: for a container, in which no Glue run outlives this",
    )
    return Settings(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    serve(parse_settings())
