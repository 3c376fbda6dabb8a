import re
import subprocess

from local_stack.paths import ROOT


def test_make_alone_lists_every_target_with_what_it_does() -> None:
    declared = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = subprocess.check_output(["make", "--no-print-directory"], cwd=ROOT, text=True)

    assert declared is not None
    described = re.findall(r"^  make ([\w-]+) +\S", listed, re.MULTILINE)
    assert sorted(described) == sorted(declared[1].split())
