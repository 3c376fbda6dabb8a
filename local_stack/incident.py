"""A rehearsal of a bad night: a batch that the load refuses, its alert, and the recovery."""

from collections.abc import Callable
from pathlib import Path

import boto3
from rich.console import Console

from local_stack.deliveries import waiting_files
from local_stack.demo import deliver_files, print_next, run_dag
from local_stack.deployment import Deployment, read_deployment
from local_stack.lines import say
from local_stack.paths import LOCAL
from local_stack.stack import up
from local_stack.stack_state import Stack
from local_stack.waiting import StackError

# The only row of its file, and refused: so is the batch, since its share of rejects is 1.
REFUSED = (
    "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
    "1,999000001,1,yesterday evening,10.00,2025-04-01\n"
)


def rehearse(console: Console, start: Callable[[], Stack] = up) -> bool:
    """Break a batch, show its alert, let it pass, show the recovery; return whether all went so.

    `start` returns the running stack.

    Raises:
        StackError: files of somebody wait in raw/, or the stack does not come up.
    """
    stack = start()
    deployment = read_deployment()
    require_nothing_waits(deployment)
    deliver_files(deployment, [write_refused(LOCAL / "incident")])
    say("the file has one row, without a valid time: the load will refuse the batch and alert")
    broken = run_dag(stack, deployment, console)
    say("a person who has looked at the rejects lets them pass, by a run with max_reject_share 1")
    mended = run_dag(stack, deployment, console, max_reject_share=1)
    print_next(stack, deployment, console)
    return (broken, mended) == ("failed", "success")


def require_nothing_waits(deployment: Deployment) -> None:
    """Raise StackError where files wait in raw/, which a rehearsal would refuse and then let by."""
    if waiting := waiting_files(boto3.client("s3"), deployment):
        raise StackError(
            f"{len(waiting)} files wait in {deployment.raw}: load them first, with make demo."
        )


def write_refused(folder: Path) -> Path:
    """Write the file that is refused; return it."""
    path = folder / "orders" / "refused.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(REFUSED)
    return path
