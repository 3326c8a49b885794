"""The ``maskbench`` command: finds the subcommand, runs it, and turns errors into messages."""

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence
from types import ModuleType

import maskbench
from maskbench import commands
from maskbench.errors import MaskbenchError
from maskbench.text import escape_terminal, print_anywhere


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``maskbench`` with the given words (default: those of the shell).

    Returns:
        The exit status: 0 done; a MaskbenchError's own code; 1 for other failures of files or the
        network, and where a library is missing; 2 for words that are off; 130 when interrupted.
    """
    print_anywhere()
    parser = argparse.ArgumentParser(prog="maskbench", description=maskbench.__doc__)
    parser.add_argument("--version", action="version", version=f"maskbench {maskbench.__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, module in _modules():
        _add(subparsers, name, module)
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except MaskbenchError as error:
        told = error.describe(args.all, more="all of them: the same command with --all")
        print(f"error: {told}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of our output, such as `head`, has enough
        sys.stderr.close()
        return 1
    except OSError as error:
        where = f"{escape_terminal(str(error.filename))}: " if error.filename else ""
        print(f"error: {where}{error.strerror or error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:  # on a training machine, which needs no more than it has
        package = (error.name or maskbench.__name__).partition(".")[0]
        if package == maskbench.__name__:
            raise  # a module of maskbench is missing: a bug
        print(
            f"error: this needs {package}, which is not installed here: install maskbench with "
            "what building needs, `maskbench[build]`",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130


def _modules() -> list[tuple[str, ModuleType]]:
    names = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))
    return [(name, importlib.import_module(f"{commands.__name__}.{name}")) for name in names]


def _add(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, module: ModuleType
) -> None:
    text = module.__doc__ or ""
    parser = subparsers.add_parser(
        name.replace("_", "-"),
        help=text.partition("\n")[0],
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    table = commands.exit_table(getattr(module, "EXIT_STATUS", {}))
    parser.epilog = f"{parser.epilog}\n\n{table}" if parser.epilog else table
    if not any(action.dest == "all" for action in parser._actions):
        parser.add_argument("--all", action="store_true", help="list every problem")
    parser.set_defaults(run=module.run)
