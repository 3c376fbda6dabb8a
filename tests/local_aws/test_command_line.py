"""The command that serves local AWS."""

from pathlib import Path

import pytest

from local_aws.__main__ import parse_settings

NEEDED = {
    "--port": "5055",
    "--home": "home",
    "--glue-python": "glue/bin/python",
    "--jars": "jars",
    "--java-home": "java",
}


def test_settings_come_from_the_command_line_with_whole_paths() -> None:
    settings = parse_settings([part for option in NEEDED.items() for part in option])
    assert settings.endpoint == "http://127.0.0.1:5055"
    assert settings.glue_python == Path.cwd() / "glue/bin/python"
    assert settings.cores == 2
    assert settings.seconds_per_minute == 60


@pytest.mark.parametrize("left_out", NEEDED)
def test_what_is_needed_is_asked_for_by_name(
    left_out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [part for option in NEEDED.items() if option[0] != left_out for part in option]
    with pytest.raises(SystemExit):
        parse_settings(given)
    assert left_out in capsys.readouterr().err
