from pathlib import Path

import pytest
from mypy_boto3_s3 import S3Client

from local_stack.deliveries import deliver, find_files, waiting_files
from local_stack.deployment import Deployment
from local_stack.waiting import StackError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("orders/1.csv", "orders/2.csv", "products/1.csv"):
        write(tmp_path / name, name)
    return tmp_path


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def versions(s3: S3Client, deployment: Deployment) -> int:
    return len(s3.list_object_versions(Bucket=deployment.bucket).get("Versions", []))


def test_the_csv_files_of_the_datasets_are_found(folder: Path) -> None:
    found = {str(path.relative_to(folder)) for path in find_files(folder)}

    assert found == {"orders/1.csv", "orders/2.csv", "products/1.csv"}


@pytest.mark.parametrize("name", ["customers/1.csv", "orders/notes.txt", "top.csv"])
def test_a_file_that_is_not_loaded_is_named(
    folder: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write(folder / name, "other")

    assert other not in find_files(folder)
    assert f"{other} is left out" in capsys.readouterr().out


def test_a_folder_without_files_is_refused_with_what_it_should_hold(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"orders/\*\.csv"):
        find_files(tmp_path)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="is no folder"):
        find_files(tmp_path / "missing")


def test_files_are_put_into_the_folder_of_their_dataset(
    folder: Path, s3: S3Client, deployment: Deployment
) -> None:
    assert deliver(s3, deployment, find_files(folder)) == 3

    assert waiting_files(s3, deployment) == [
        "raw/orders/1.csv",
        "raw/orders/2.csv",
        "raw/products/1.csv",
    ]


def test_a_file_that_already_waits_gets_no_second_version(
    folder: Path, s3: S3Client, deployment: Deployment
) -> None:
    deliver(s3, deployment, find_files(folder))

    assert deliver(s3, deployment, find_files(folder)) == 0
    assert versions(s3, deployment) == 3


def test_a_file_with_new_content_is_put_again(
    folder: Path, s3: S3Client, deployment: Deployment
) -> None:
    deliver(s3, deployment, find_files(folder))
    write(folder / "orders/1.csv", "corrected")

    assert deliver(s3, deployment, find_files(folder)) == 1
    assert versions(s3, deployment) == 4
