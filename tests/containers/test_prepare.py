from pathlib import Path

import pytest

from containers.airflow.prepare import require_same_requirements


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "installed").mkdir()
    for folder in (tmp_path, tmp_path / "installed"):
        (folder / "requirements.txt").write_text("a==1\n")
    return tmp_path


def test_an_image_with_the_requirements_of_today_will_do(home: Path) -> None:
    require_same_requirements(home)


def test_an_image_without_a_new_requirement_is_refused_with_what_to_do(home: Path) -> None:
    (home / "requirements.txt").write_text("a==1\nb==2\n")

    with pytest.raises(SystemExit, match="docker compose build"):
        require_same_requirements(home)
