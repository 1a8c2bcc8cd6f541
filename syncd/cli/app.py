"""Puts the commands together, and turns errors into exit codes."""

import sys

import typer

from syncd import logs
from syncd.cli import evidence, figures, mail, service, setup, showcase, work
from syncd.cli.context import Failed
from syncd.cli.output import report_error
from syncd.delivery.control import exit_code_of
from syncd.errors import SyncdError

app = typer.Typer(
    name="syncd",
    help="Liên thông tin, bài lên Cổng, đếm chỉ tiêu, giữ bằng chứng. (Carries posts to the portal, counts the quota, keeps proof.)",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (setup, work, service, figures, mail, evidence, showcase):
    module.add_to(app)


def main() -> None:
    """The console script."""
    logs.configure("warning")
    try:
        app()
    except Failed as failure:  # an operation that the daemon ran for us
        report_error(failure.message, failure.hint)
        sys.exit(failure.exit_code)
    except SyncdError as error:
        report_error(error)
        sys.exit(exit_code_of(error))
    except BrokenPipeError:
        # `syncd … | head`: nobody reads on, and that is no failure
        sys.stderr.close()
        sys.exit(0)
