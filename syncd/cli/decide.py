"""decide: a person's word about one post that waits for it."""

from typing import Annotated

import typer

from syncd.application.decide import Decision
from syncd.cli.context import ConfigOption, JsonOption, NowOption, operate


def decide(
    ref: Annotated[str, typer.Argument(metavar="POST", help="post:12, sighting:7 – như syncd explain --json ghi")],
    decision: Annotated[Decision, typer.Argument(metavar="count|exclude|release|retry|overwrite|keep|assign")],
    reason: Annotated[str, typer.Option("--reason", help="Lý do (why)")],
    by: Annotated[str, typer.Option("--by", help="Người kết luận (who decides)")],
    unit: Annotated[
        str | None, typer.Option("--unit", help="Đơn vị, với assign (whose it is, with assign)", show_default=False)
    ] = None,
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """A closed statement stays as it is; what changes is shown beside it."""
    arguments = {"ref": ref, "decision": decision.value, "reason": reason, "by": by, "unit": unit}
    operate(config, now, "decide", arguments, as_json=as_json)
