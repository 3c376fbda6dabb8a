import yaml

from local_stack.paths import ROOT

HOOKS = [
    hook
    for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repo["hooks"]
]


def test_the_only_hook_is_make_check_of_everything() -> None:
    asked = {"entry": "make check", "language": "system"}
    everything = {"pass_filenames": False, "always_run": True}

    assert len(HOOKS) == 1
    assert HOOKS[0].items() >= (asked | everything).items()
