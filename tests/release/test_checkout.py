"""Which version a commit is, and what is no commit to build from."""

from pathlib import Path

import pytest

from release.checkout import Checkout
from release.errors import ReleaseError
from tests.release.git import commit_all, git


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout with one commit."""
    root = tmp_path / "root"
    (root / "dags").mkdir(parents=True)
    (root / "dags" / "a.py").write_text("a = 1\n")
    commit_all(root)
    return root


def test_a_tag_is_the_version(root: Path) -> None:
    git(root, "tag", "v1.2.0")
    assert Checkout(root).version() == "1.2.0"


def test_a_commit_after_a_tag_has_its_number_and_its_id(root: Path) -> None:
    git(root, "tag", "v1.2.0-rc.1")
    commit = commit_all(root)
    assert Checkout(root).version() == f"1.2.0-rc.1+1.g{commit[:12]}"


def test_before_the_first_tag_of_a_version_commits_are_counted(root: Path) -> None:
    git(root, "tag", "nightly")
    commit = commit_all(root)
    assert Checkout(root).version() == f"0.0.0+2.g{commit[:12]}"


def test_a_shallow_clone_without_a_tag_says_how_to_get_the_rest(root: Path) -> None:
    commit_all(root)
    clone = root.parent / "clone"
    git(root.parent, "clone", "--quiet", "--depth=1", root.as_uri(), str(clone))
    with pytest.raises(ReleaseError, match="git fetch --unshallow --tags"):
        Checkout(clone).version()


def test_a_shallow_clone_of_a_tag_has_its_version(root: Path) -> None:
    git(root, "tag", "v1.2.0")
    clone = root.parent / "clone"
    options = ("--quiet", "--depth=1", "--branch=v1.2.0")
    git(root.parent, "clone", *options, root.as_uri(), str(clone))
    assert Checkout(clone).version() == "1.2.0"


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="built from a commit of a git clone"):
        Checkout(tmp_path).commit()


def test_a_folder_in_somebody_else_s_checkout_is_refused(root: Path) -> None:
    with pytest.raises(ReleaseError, match="not a git checkout of its own"):
        Checkout(root / "dags").commit()


def test_a_machine_without_git_is_told_to_install_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(ReleaseError, match="install it"):
        Checkout(root).commit()


def test_the_repository_of_a_git_hook_is_not_taken_for_this_one(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = Checkout(root).commit()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert Checkout(root).commit() == commit


def test_changed_and_unknown_files_are_told_apart(root: Path) -> None:
    (root / "dags" / "a.py").write_text("a = 2\n")
    (root / "dags" / "new.py").touch()
    (root / "notes.txt").touch()
    assert Checkout(root).changed() == [" M dags/a.py"]
    assert Checkout(root).left_out() == ["dags/new.py"]


def test_the_export_is_the_commit_whatever_git_is_told(root: Path, tmp_path: Path) -> None:
    git(root, "config", "core.autocrlf", "true")
    (root / "dags" / "a.py").write_text("a = 2\n")
    Checkout(root).export(tmp_path / "export")
    assert (tmp_path / "export" / "dags" / "a.py").read_bytes() == b"a = 1\n"


def test_a_link_that_leads_out_of_the_project_is_refused(root: Path, tmp_path: Path) -> None:
    (root / "dags" / "b.py").symlink_to(tmp_path / "secret")
    commit_all(root)
    with pytest.raises(ReleaseError, match="can't be shipped"):
        Checkout(root).export(tmp_path / "export")
