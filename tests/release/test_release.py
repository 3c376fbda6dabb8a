"""What is in a release, what is not, and that it is the same wherever it is built."""

import hashlib
import os
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.paths import ROOT
from release.__main__ import main
from tests.release.conftest import IGNORED, LEFT_OUT, SECRET, VERSION, share_installation
from tests.release.git import git

PREFIXES = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())["prefixes"]


def contents(dist: Path) -> dict[str, bytes]:
    """Return every file of a release; a link would not be one."""
    assert not [path for path in dist.rglob("*") if path.is_symlink()]
    files = (path for path in sorted(dist.rglob("*")) if path.is_file())
    return {str(path.relative_to(dist)): path.read_bytes() for path in files}


def test_the_manifest_names_every_file_with_its_digest(
    dist: Path, manifest: dict[str, Any]
) -> None:
    files = contents(dist)
    del files["manifest.json"]
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    assert {part["path"]: part["sha256"] for part in manifest["parts"]} == digests
    sizes = {name: len(content) for name, content in files.items()}
    assert {part["path"]: part["bytes"] for part in manifest["parts"]} == sizes


def test_the_manifest_has_the_version_of_the_tag_and_the_commit(
    checkout: Path, manifest: dict[str, Any]
) -> None:
    assert manifest["version"] == VERSION
    assert manifest["commit"] == git(checkout, "rev-parse", "HEAD")


def test_keys_are_those_of_the_deploy_facts(manifest: dict[str, Any]) -> None:
    keys = {part["path"]: part["key"] for part in manifest["parts"]}
    assert keys["plugins.zip"] == f"{PREFIXES['mwaa']}plugins.zip"
    assert keys["dags/orders_lakehouse.py"] == f"{PREFIXES['mwaa']}dags/orders_lakehouse.py"
    assert keys["glue/quality_job.py"] == f"{PREFIXES['glue_assets']}quality_job.py"
    assert len(set(keys.values())) == len(keys)


def test_every_file_that_a_glue_argument_names_is_a_part(manifest: dict[str, Any]) -> None:
    arguments = manifest["glue_arguments"]
    assert arguments.pop("--python-modules-installer-option") == "--no-index --no-deps"
    named = [address for value in arguments.values() for address in value.split(",")]
    keys = {f"s3://{manifest['bucket']}/{part['key']}" for part in manifest["parts"]}
    assert len(named) >= 4
    assert set(named) <= keys


def test_plugins_lie_at_the_root_of_their_zip(dist: Path) -> None:
    names = zipfile.ZipFile(dist / "plugins.zip").namelist()
    assert {".airflowignore", "lakehouse_plugin.py", "lakehouse_airflow/__init__.py"} <= set(names)
    tracked = git(ROOT, "ls-files", "plugins").splitlines()
    assert sorted(names) == sorted(name.removeprefix("plugins/") for name in tracked)


def test_what_nobody_has_committed_is_not_shipped(dist: Path, checkout: Path, printed: str) -> None:
    assert (checkout / LEFT_OUT).exists()
    assert (checkout / IGNORED).exists()
    assert not [name for name, content in contents(dist).items() if SECRET.encode() in content]
    assert f"git does not know it: {LEFT_OUT}" in printed
    assert IGNORED not in printed


def test_it_prints_size_digest_and_key_of_every_part(
    printed: str, manifest: dict[str, Any]
) -> None:
    lines = {line.split()[0]: line.split()[1:] for line in printed.splitlines() if line.strip()}
    for part in manifest["parts"]:
        expected = [f"{part['bytes']:,}", part["sha256"][:12], part["key"]]
        assert lines[part["path"]] == expected


def test_another_clone_of_the_commit_gives_the_same_bytes(
    checkout: Path, dist: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "a clone elsewhere"
    git(tmp_path, "clone", "--quiet", str(checkout), str(clone))
    share_installation(clone)
    # Everything is installed: PYTHON=true makes nothing of the step that would see to that.
    command = "umask 077 && make --silent package PYTHON=true"
    # Not measured: it is the clone's code that runs.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment = {**kept, "TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7"}
    subprocess.run(["sh", "-c", command], cwd=clone, env=environment, check=True)
    assert contents(clone / "dist") == contents(dist)


def test_uncommitted_changes_are_named_and_nothing_is_built(checkout: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(checkout), str(clone))
    (clone / "plugins" / ".airflowignore").unlink()
    with pytest.raises(SystemExit) as refused:
        main(clone)
    assert "  D plugins/.airflowignore" in str(refused.value)
    assert "Commit or stash" in str(refused.value)
    assert not (clone / "dist").exists()
