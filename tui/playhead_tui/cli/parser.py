"""The command line's grammar. Imports nothing heavy: `playhead --help` must be instant."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module

import playhead
from playhead_tui.cli.examples import EXAMPLES

_MOMENT_HELP = "a commit number, a snapshot's label, @14:03:22, @2026-11-01T14:03, or head"

_RUN_COLUMNS = ("name", "origin", "events", "errors", "cost", "size", "changed")

_EPILOG = """\
STORE is a store's directory, or any log or folder of logs; without one, $PLAYHEAD_STORE or ./.playhead.
A MOMENT is a commit number, a snapshot's label, @14:03:22, @2026-11-01T14:03, or head.

exit codes: 0 done · 1 the answer is no (see each command) · 2 a mistake in the call or its input · 130 interrupted
"""


def parser() -> argparse.ArgumentParser:
    """The whole grammar; parsed options hold `run`, the function to call with them."""
    top = argparse.ArgumentParser(
        prog="playhead",
        description="A time-travel debugger for agent runs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    top.add_argument("--version", action="version", version=f"playhead {playhead.__version__}")
    # Alone, in a terminal, it shows what there is to open.
    top.set_defaults(run=_lazy("runs:run_start"))
    commands = top.add_subparsers(title="commands", metavar="COMMAND")
    _add_screens(commands)
    _add_logs(commands)
    _add_reading(commands)
    _add_asking(commands)
    _add_past(commands)
    _add_moments(commands)
    _add_upkeep(commands)
    _add_cache(commands)
    _add_surroundings(commands)
    return top


def _add_screens(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    opened = _command(commands, "open", "screen:run_open", "open a store or a log in the debugger")
    opened.add_argument("path", nargs="?", metavar="STORE|LOG", help="a store, a log file, a folder of logs, or -")
    _keep_going(opened)
    opened.add_argument(
        "-f", "--follow", action="store_true", help="keep up with a log that is being written: the screen moves along"
    )
    opened.add_argument("--agent", metavar="ID", help="the agent to look at first")
    opened.add_argument("--namespace", metavar="NAME", help="the agent's namespace")
    opened.add_argument("--at", metavar="MOMENT", help=f"where to put the playhead: {_MOMENT_HELP}")
    opened.add_argument(
        "--record", metavar="FILE", help="write what is done in the debugger as a Python script that does it again"
    )
    opened.add_argument("--fresh-session", action="store_true", help="do not go back to where you left the run")
    opened.add_argument(
        "--json", action="store_true", help="open no screen: print the store's path and what was loaded"
    )
    demo = _command(commands, "demo", "loading:run_demo", "open the recorded run that comes with Playhead")
    demo.add_argument("--fresh", action="store_true", help="forget what was changed in the demo before")
    printed = demo.add_mutually_exclusive_group()
    printed.add_argument("--path", action="store_true", help="open no screen: print the path of the demo's store")
    printed.add_argument("--json", action="store_true", help="the same, with what it holds, as JSON")


def _add_surroundings(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    runs = _command(commands, "runs", "runs:run_runs", "list stores, recent logs and agents' sessions on this machine")
    runs.add_argument("text", nargs="?", metavar="TEXT", help="only runs that have these words in name or path")
    runs.add_argument("--sort", choices=_RUN_COLUMNS, default="changed", help="(default: changed, the latest first)")
    runs.add_argument("-n", "--last", type=int, default=50, metavar="N", help="at most so many (default: 50)")
    _json(runs)
    settings = _command(commands, "settings", "settings:run_settings", "say where the settings are and what holds")
    settings.add_argument("--init", action="store_true", help="write a file that explains itself, all commented out")
    _json(settings)
    serve = _store_command(commands, "serve", "serving:run_serve", "show the debugger in a browser")
    serve.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="where to listen (default: this machine)")
    serve.add_argument("--port", type=int, default=8000, metavar="N", help="(default: 8000; 0 takes a free one)")
    _json(serve, "print the address as JSON once it is served")


def _add_logs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    loaded = _command(commands, "import", "loading:run_import", "load a log into a new store")
    loaded.add_argument("log", metavar="LOG", help="a log file of any known format, a folder of them, or -")
    loaded.add_argument("-o", "--output", metavar="STORE", help="the store to make; must not exist")
    loaded.add_argument(
        "--explain", action="store_true", help="make no store: say which format it is, and what would be made of it"
    )
    _keep_going(loaded)
    _json(loaded)
    formats = _command(commands, "formats", "formats:run_formats", "list the log formats that can be loaded")
    _json(formats)
    exported = _store_command(commands, "export", "loading:run_export", "write a store as JSON lines")
    exported.add_argument("-o", "--output", metavar="FILE", help="the file to make (default, or -: standard output)")
    _json(exported, "print a summary as JSON (with -o); the export itself is JSON lines either way")


def _keep_going(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--keep-going", action="store_true", help="load what can be read of broken logs (default: nothing)"
    )


def _add_reading(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    inspect = _store_command(commands, "inspect", "reading:run_inspect", "say what a store holds")
    _json(inspect)
    agents = _store_command(commands, "agents", "reading:run_agents", "list the agents of a store")
    _json(agents)
    keys = _store_command(commands, "keys", "reading:run_keys", "list an agent's keys")
    _agent(keys)
    _at(keys)
    keys.add_argument("--deleted", action="store_true", help="list deleted keys too")
    _json(keys)
    get = _command(commands, "get", "reading:run_get", "print a value (exit code 1 where it does not exist)")
    get.add_argument("key", metavar="KEY")
    _store_option(get)
    _agent(get)
    when = get.add_mutually_exclusive_group()
    _at(when)
    when.add_argument("--version", type=int, metavar="N", help="exactly this version of the key")
    _json(get, "print the whole record as JSON, not the value alone")
    replay = _store_command(commands, "replay", "reading:run_replay", "print events in commit order")
    _agent(replay, "only this agent's part of each event (default: every agent)")
    replay.add_argument("--start-ts", metavar="MOMENT", help="first commit, inclusive; or a time, as @14:03")
    replay.add_argument("--end-ts", metavar="MOMENT", help="last commit, inclusive")
    replay.add_argument(
        "-f",
        "--follow",
        action="store_true",
        help="then wait, and print what is committed as it lands (Ctrl-C ends it)",
    )
    replay.add_argument("-n", "--last", type=int, metavar="N", help="begin with the last N commits")
    _json(replay, "print one JSON object per line")
    source = _command(commands, "source", "reading:run_source", "print the record of a log that an event was made from")
    source.add_argument("commit", type=int, metavar="COMMIT")
    _store_option(source)
    _json(source, "print the record with its file and place as one JSON object")
    sql = _command(commands, "sql", "sql:run_sql", "run one SELECT over a store")
    sql.add_argument(
        "query",
        metavar="QUERY",
        help="tables: events, operations, snapshots, state_at(t), changes(a, b), history(agent, key)",
    )
    _store_option(sql)
    output = sql.add_mutually_exclusive_group()
    _csv(output)
    output.add_argument("--parquet", metavar="FILE", help="write the result as a Parquet file; must not exist")
    _json(output)


def _add_asking(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    _expression_command(commands, "when", "list when an expression was true (exit code 1: never)")
    forward = _expression_command(commands, "c", "find the next commit at which an expression becomes true")
    forward.add_argument("--at", metavar="MOMENT", default="0", help=f"after which commit: {_MOMENT_HELP} (default: 0)")
    back = _expression_command(commands, "rc", "find the last commit at which an expression became true")
    _at(back)
    watch = _command(commands, "watch", "asking:run_watch", "list every value that expressions have had")
    watch.add_argument("expressions", nargs="+", metavar="EXPR", help=_EXPRESSION_HELP)
    _store_option(watch)
    _agent(watch)
    output = watch.add_mutually_exclusive_group()
    _csv(output)
    _json(output)
    check = _command(commands, "check", "asking:run_check", "judge a run by rules (exit code 1: one is broken)")
    check.add_argument("rules", metavar="RULES.toml", help="tables that begin with [[rule]]; see docs/expressions.md")
    _store_option(check)
    _agent(check, "whose state rules are about that name no agent (default: the only one)")
    check.add_argument("--junit", metavar="FILE", help="write the verdicts as JUnit XML, too")
    _json(check)
    fold = _command(commands, "fold", "asking:run_fold", "say what the state would be without some recorded events")
    fold.add_argument("--without", required=True, metavar="N,N…", help="the commits to leave out: 311,312 or 300-320")
    _store_option(fold)
    _agent(fold, "only this agent (default: every agent)")
    _at(fold)
    _json(fold)
    bisect = _command(
        commands, "bisect", "bisecting:run_bisect", "find the first bad commit (exit code 1: not just one)"
    )
    bisect.add_argument("expression", nargs="?", metavar="EXPR", help="what is true of bad commits")
    bisect.add_argument(
        "--run",
        dest="command",
        metavar="COMMAND",
        help="judge by a shell command: it finds the state in $PLAYHEAD_STATE, a folder of JSON files, and as one JSON"
        " object on stdin; it exits with 0 for good, 1 to 127 for bad, 125 for skip",
    )
    bisect.add_argument("--good", metavar="MOMENT", default="0", help="a commit known to be good (default: 0)")
    bisect.add_argument("--bad", metavar="MOMENT", help="a commit known to be bad (default: head)")
    bisect.add_argument(
        "--verify", type=int, default=4, metavar="N", help="judge N more on either side, to notice several boundaries"
    )
    _store_option(bisect)
    _agent(bisect)
    _json(bisect)


def _add_past(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    last = _path_command(commands, "last", "find the event that last changed a value (exit code 1: none)")
    last.add_argument("--at", metavar="MOMENT", help="before which commit (default: behind the head)")
    following = _path_command(commands, "next", "find the event that next changes a value (exit code 1: none)")
    following.add_argument("--at", metavar="MOMENT", default="0", help="after which commit (default: 0)")
    for command in (last, following):
        command.add_argument("--count", type=int, default=1, metavar="N", help="the Nth one (default: 1)")
    _path_command(commands, "history", "list every value that a path has had (exit code 1: none)", csv=True)
    blame = _path_command(commands, "blame", "say who last wrote each part of the state (exit code 1: nothing there)")
    _at(blame)

    compared = _command(
        commands, "compare", "comparing:run_compare", "say where two runs part (exit code 1: they do, 2: trouble)"
    )
    compared.add_argument("a", metavar="A", help="a store or a log")
    compared.add_argument("b", nargs="?", metavar="B", help="another, or a fork of it (default: the same)")
    compared.add_argument("--agent", metavar="ID", help="only this agent (default: every agent)")
    compared.add_argument("--other-agent", metavar="ID", help="beside this agent of B (default: the same)")
    compared.add_argument("--namespace", metavar="NAME", help="the agents' namespace")
    compared.add_argument("--other-namespace", metavar="NAME", help="that of the agent of B (default: the same)")
    compared.add_argument("-n", "--last", type=int, default=10, metavar="N", help="show N divergences (default: 10)")
    compared.add_argument("--open", action="store_true", help="show both in the debugger, side by side")
    _json(compared)
    origin = _command(commands, "origin", "origins:run_origin", "say where a text came from (exit code 1: not seen)")
    origin.add_argument("text", metavar="TEXT|PATH", help="a text, a number, or a place in the agent's state")
    origin.add_argument("--text", dest="as_text", action="store_true", help="it is a text, also where it names a place")
    _store_option(origin)
    _agent(origin, "whose state a path is about (default: the only one)")
    _at(origin)
    _json(origin)
    log = _store_command(commands, "log", "history_log:run_log", "list events, newest first (exit code 1: none)")
    sought = log.add_mutually_exclusive_group()
    sought.add_argument("-S", dest="text", metavar="TEXT", help="only where values came to hold it more or less often")
    sought.add_argument("-G", dest="regex", metavar="REGEX", help="only where lines that match it came or went")
    log.add_argument("--key", metavar="GLOB", help="only events that touch such keys: 'messages/*'")
    log.add_argument("--kind", metavar="GLOB", help="only events of such kinds: 'tool_*'")
    _agent(log, "only events that touch this agent (default: every agent)")
    log.add_argument("--start-ts", default="1", metavar="MOMENT", help="first commit, inclusive; or a time, as @14:03")
    log.add_argument("--end-ts", metavar="MOMENT", help="last commit, inclusive")
    log.add_argument("-n", "--last", type=int, metavar="N", help="at most so many")
    log.add_argument("--reverse", action="store_true", help="oldest first, as they are found")
    _json(log, "print one JSON object per line")


_PATH_HELP = "a place in the agent's state: budget, plan.steps[2].status"


def _path_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str, *, csv: bool = False
) -> argparse.ArgumentParser:
    added = _command(commands, name, f"past:run_{name}", summary)
    if name == "blame":
        added.add_argument("path", nargs="?", metavar="PATH", help=f"{_PATH_HELP} (default: all of it)")
    else:
        added.add_argument("path", metavar="PATH", help=_PATH_HELP)
    _store_option(added)
    _agent(added)
    output = added.add_mutually_exclusive_group()
    if csv:
        _csv(output)
    _json(output)
    return added


_EXPRESSION_HELP = (
    "a condition such as \"budget.remaining < 0 and event.kind = 'tool_result'\"; see docs/expressions.md"
)


def _expression_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    added = _command(commands, name, f"asking:run_{name}", summary)
    added.add_argument("expression", metavar="EXPR", help=_EXPRESSION_HELP)
    _store_option(added)
    _agent(added)
    _json(added)
    return added


def _add_moments(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    snapshot = commands.add_parser("snapshot", help="take or list snapshots", description="Take or list snapshots.")
    actions = snapshot.add_subparsers(title="commands", metavar="COMMAND", required=True)
    take = _command(actions, "take", "moments:run_snapshot_take", "give a moment a name")
    take.add_argument("label", nargs="?", metavar="LABEL")
    _store_option(take)
    _at(take)
    _json(take)
    listed = _store_command(actions, "list", "moments:run_snapshot_list", "list the snapshots of a store")
    _json(listed)
    diff = _command(commands, "diff", "moments:run_diff", "say how to get from one moment to another")
    diff.add_argument("a", metavar="A", help=_MOMENT_HELP)
    diff.add_argument("b", metavar="B", help="likewise")
    _store_option(diff)
    _agent(diff, "only this agent (default: every agent)")
    diff.add_argument("--exit-code", action="store_true", help="exit with 1 where the moments differ, as diff does")
    _json(diff)
    restore = _command(commands, "restore", "moments:run_restore", "make the state what it was, as one new commit")
    restore.add_argument("moment", metavar="MOMENT", help=_MOMENT_HELP)
    _store_option(restore)
    _agent(restore, "only this agent (default: every agent)")
    restore.add_argument("--key", action="append", metavar="KEY", help="only this key; may be given several times")
    restore.add_argument("--yes", action="store_true", help="do not ask (exit code 1 where the answer is no)")
    _json(restore)
    fork = _command(commands, "fork", "moments:run_fork", "make a new store that begins as this one was at a moment")
    fork.add_argument("target", metavar="NEW_STORE", help="the directory to make; must not exist")
    _store_option(fork)
    _at(fork)
    _json(fork)


def _add_upkeep(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verify = _store_command(
        commands, "verify", "upkeep:run_verify", "check everything in a store (exit code 1: damaged)"
    )
    _json(verify)
    repair = _store_command(commands, "repair", "upkeep:run_repair", "say what can be saved, and make a repaired copy")
    repair.add_argument("-o", "--output", metavar="NEW_STORE", help="the copy to make (default: STORE.repaired)")
    repair.add_argument("--yes", action="store_true", help="do not ask (exit code 1 where the answer is no)")
    _json(repair)


def _add_cache(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    cache = commands.add_parser(
        "cache", help="list or remove the logs that are kept loaded", description="List or remove loaded logs."
    )
    actions = cache.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listed = _command(actions, "list", "cache:run_cache_list", "list the logs that are kept loaded, last used first")
    _json(listed)
    remove = _command(actions, "remove", "cache:run_cache_remove", "remove loaded logs, with their snapshots")
    remove.add_argument("runs", nargs="+", metavar="LOG|STORE", help="the log that was loaded, or the store it is in")
    prune = _command(
        actions, "prune", "cache:run_cache_prune", "remove what is not needed: older loads, logs that are gone"
    )
    prune.add_argument(
        "--days", type=int, metavar="N", help="also what was not opened for N days; what has snapshots always stays"
    )
    for command in (remove, prune):
        command.add_argument("--yes", action="store_true", help="do not ask (exit code 1 where the answer is no)")
        _json(command)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, target: str, summary: str
) -> argparse.ArgumentParser:
    example = EXAMPLES.get(name)
    added = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=example and f"example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    added.set_defaults(run=_lazy(target))
    return added


def _store_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, target: str, summary: str
) -> argparse.ArgumentParser:
    """A command whose only positional argument is the store."""
    added = _command(commands, name, target, summary)
    added.add_argument("store", nargs="?", metavar="STORE", help="default: $PLAYHEAD_STORE or ./.playhead")
    _store_option(added)
    return added


def _store_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "-s", "--store", dest="store_option", metavar="STORE", help="default: $PLAYHEAD_STORE or ./.playhead"
    )


def _agent(command: argparse.ArgumentParser, summary: str = "the agent (default: the only one)") -> None:
    command.add_argument("--agent", metavar="ID", help=summary)
    command.add_argument("--namespace", metavar="NAME", help="the agent's namespace (default: the only one)")


def _at(command: argparse._ActionsContainer) -> None:
    command.add_argument("--at", metavar="MOMENT", help=f"{_MOMENT_HELP} (default: head)")


def _csv(command: argparse._ActionsContainer) -> None:
    command.add_argument("--csv", action="store_true", help="print comma-separated values")


def _json(command: argparse._ActionsContainer, summary: str = "print JSON") -> None:
    command.add_argument("--json", action="store_true", help=summary)


def _lazy(target: str) -> Callable[[argparse.Namespace], int]:
    """A function that imports its module only when the command runs."""
    module, name = target.split(":")

    def run(options: argparse.Namespace) -> int:
        code: int = getattr(import_module(f"playhead_tui.cli.{module}"), name)(options)
        return code

    return run
