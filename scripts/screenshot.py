"""Take docs/dag.png, the picture in the README: the DAG's last demo run in Airflow's own UI.

Needs a running stack (``make demo``) and Chromium, of which Debian's package will do.
"""

import json
import re
import shutil
import sys

from playwright.sync_api import Page, sync_playwright

from local_stack.airflow_api import USER
from local_stack.airflow_server import DAG_ID
from local_stack.demo import LAST_RUN, password_of
from local_stack.paths import ROOT
from local_stack.stack_state import Stack, running_stack
from local_stack.waiting import StackError

PICTURE = ROOT / "docs" / "dag.png"
SIZE = {"width": 1760, "height": 480}
MOVING_MILLISECONDS = 3000  # until the graph has found its place
# As root, Chromium has no sandbox of its own; it sees nothing but this Airflow.
OPTIONS = ["--no-sandbox", "--disable-background-networking", "--disable-sync"]


def main() -> int:
    """Take the picture; return the exit code."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is missing: install the package chromium.", file=sys.stderr)
        return 1
    try:
        stack = running_stack()
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
        page = browser.new_page(viewport=SIZE)
        take(page, stack)
        browser.close()
    print(f"taken: {PICTURE.relative_to(ROOT)}")
    return 0


def take(page: Page, stack: Stack) -> None:
    """Log in, open the graph of the run, and save what is to be seen."""
    run = json.loads((stack.folder / LAST_RUN).read_text())["dag_run_id"]
    page.goto(stack.airflow_url)
    page.fill("input[name=username]", USER)
    page.fill("input[name=password]", password_of(stack))
    page.click("button[type=submit]")
    page.wait_for_url(re.compile(r"/(\?.*)?$"))
    page.goto(f"{stack.airflow_url}/dags/{DAG_ID}/runs/{run}")
    page.get_by_label("Show Graph").click()
    page.get_by_label("Collapse Details Panel").click()
    page.get_by_text("notify_success").first.wait_for()
    page.mouse.move(0, 0)  # what the pointer is on shows its facts
    page.wait_for_timeout(MOVING_MILLISECONDS)
    page.screenshot(path=PICTURE)


if __name__ == "__main__":
    sys.exit(main())
