"""The commit that a release is built from, and the version that git gives it."""

import io
import os
import re
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from release.errors import ReleaseError

# The files as they were committed, whatever the person who builds has told git to make of them.
AS_COMMITTED = ("-c", "core.autocrlf=false", "-c", f"core.attributesFile={os.devnull}")
# What a git hook runs has these, and they name the hook's repository.
MISLEADING = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
SHIPPED = ("dags", "plugins", "glue_scripts", "include", "infra")
SHORT = 12


@dataclass(frozen=True)
class Checkout:
    """A git checkout of the project, at one commit."""

    root: Path

    def commit(self) -> str:
        """Return the id of the commit.

        Raises:
            ReleaseError: `root` is not the top of a git checkout with a commit.
        """
        top = Path(self._git("rev-parse", "--show-toplevel"))
        if top.resolve() != self.root.resolve():
            raise ReleaseError(f"{self.root} is not a git checkout of its own: clone the project.")
        return self._git("rev-parse", "--verify", "HEAD^{commit}")

    def version(self) -> str:
        """Return ``1.2.0`` at the tag v1.2.0, ``1.2.0+3.g<commit>`` three commits later.

        Before the first tag ``0.0.0+<commits>.g<commit>``.

        Raises:
            ReleaseError: the clone is too shallow to tell.
        """
        described = self._git("describe", "--tags", "--long", "--always", "--match", "v[0-9]*")
        found = re.fullmatch(r"v(.+)-(\d+)-g[0-9a-f]+", described)
        tag, distance = (found[1], int(found[2])) if found else ("0.0.0", self._count())
        return f"{tag}+{distance}.g{self.commit()[:SHORT]}" if distance else tag

    def changed(self) -> list[str]:
        """Return the lines of ``git status`` about files that differ from the commit."""
        return self._git("status", "--porcelain", "--untracked-files=no").splitlines()

    def left_out(self) -> list[str]:
        """Return the files beside what is shipped that git neither has nor is told to ignore."""
        return self._git("ls-files", "--others", "--exclude-standard", "--", *SHIPPED).splitlines()

    def export(self, folder: Path) -> None:
        """Write the commit's files into `folder`.

        Raises:
            ReleaseError: a link leads out of the project.
        """
        archive = self._run(*AS_COMMITTED, "archive", "--format=tar", "HEAD")
        try:
            with tarfile.open(fileobj=io.BytesIO(archive)) as files:
                files.extractall(folder, filter="data")
        except tarfile.FilterError as error:
            raise ReleaseError(f"The commit can't be shipped: {error}") from error

    def _count(self) -> int:
        if self._git("rev-parse", "--is-shallow-repository") == "true":
            raise ReleaseError(
                "No tag v<version> is in the part of the history that this shallow clone has: "
                "git fetch --unshallow --tags, and build again."
            )
        return int(self._git("rev-list", "--count", "HEAD"))

    def _git(self, *arguments: str) -> str:
        return self._run(*arguments).decode().rstrip("\n")

    def _run(self, *arguments: str) -> bytes:
        kept = {name: value for name, value in os.environ.items() if name not in MISLEADING}
        command = ["git", "-C", str(self.root), *arguments]
        try:
            return subprocess.run(command, capture_output=True, check=True, env=kept).stdout
        except FileNotFoundError:
            raise ReleaseError("git is needed to build a release: install it.") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip()
            raise ReleaseError(
                f"A release is built from a commit of a git clone; git says: {said}"
            ) from None
