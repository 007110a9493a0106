"""The command line: what each command of `dslc` takes; `dsl/commands/` and the guides do the work.

Exit status: 0 all is well, 1 a strategy or its bars are invalid (of `verify`: or some bits differ), 2 the
call is wrong or a file cannot be read or written, 130 interrupted, 141 nobody reads the output any more.
Each command loads what it needs when it is called.
"""

from __future__ import annotations

from collections.abc import Callable
import os
from pathlib import Path
import sys
from typing import Any, NoReturn, TypeVar

import click

from .grammar.words import TIMEFRAMES
from .version import __version__

Command = TypeVar("Command", bound=Callable[..., Any])

MISUSE, INTERRUPTED, BROKEN_PIPE = 2, 130, 141


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="dslc %(version)s")
def cli() -> None:
    """Check, compile and evaluate trading strategies written as JSON."""


def _as_stdin(command: Command) -> Command:
    """What standard input is called, where an editor sends a text that it has not saved."""
    return click.option(
        "--stdin-filename", "stdin_name", metavar="NAME", help="What reports call standard input (-)."
    )(command)


def _check_stdin_name(files: tuple[str, ...], stdin_name: str | None) -> None:
    if stdin_name is not None and "-" not in files:
        raise click.UsageError("--stdin-filename says what standard input is called: name - among the files")


def _shown_as(help_: str, *forms: str) -> Callable[[Command], Command]:
    """How a report is shown: as text, or in other forms."""
    choice = click.Choice(["text", *forms])
    return click.option("--format", "form", type=choice, default="text", show_default=True, help=help_)


@cli.command(short_help="Check strategies: files, folders or standard input.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_shown_as("How to show what was found.", "json", "github", "sarif", "llm")
@click.option(
    "--budget",
    type=click.IntRange(300),
    metavar="N",
    help="With --format llm: the most characters to print, 6000 by default.",
)
@click.option("--strict", is_flag=True, help="Fail on warnings, too: exit status 1.")
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODES",
    help="Leave out these warnings, such as W711,W714; may be repeated.",
)
@_as_stdin
def validate(
    files: tuple[str, ...],
    form: str,
    budget: int | None,
    strict: bool,
    ignore: tuple[str, ...],
    stdin_name: str | None,
) -> None:
    """Check strategies: files, folders (every .json below) or - for standard input.

    json has a schema (`dslc schema diagnostics`), sarif is 2.1.0, github makes annotations, and llm is a
    brief for a language model that is to repair the strategies.

    Exit status: 0 all valid, 1 some invalid (or, with --strict, not free of warnings that are not ignored), 2
    some unreadable or nothing to check.
    """
    from .commands.checking import Request, validate_files
    from .ignoring import ignored_codes

    if budget is not None and form != "llm":
        raise click.UsageError("--budget needs --format llm")
    _check_stdin_name(files, stdin_name)
    try:
        ignored = ignored_codes(ignore)
    except ValueError as error:
        raise click.UsageError(f"--ignore: {error}") from error
    request = Request(files, form, budget, strict, ignored, stdin_name)
    raise click.exceptions.Exit(validate_files(request))


def _of_files(command: Command) -> Command:
    """What every command that evaluates begins with: the strategy and the bars."""
    data = click.option("--data", required=True, metavar="BARS", help="OHLCV bars: a CSV or Parquet file.")
    return click.argument("strategy", metavar="STRATEGY")(data(command))


def _as_candles(command: Command) -> Command:
    """How the bars become candles of a timeframe."""
    timeframe = click.option(
        "--timeframe", type=click.Choice(TIMEFRAMES), help="Replace the timeframe of the strategy."
    )
    resample = click.option("--resample", is_flag=True, help="Make candles of the timeframe from finer bars.")
    align = click.option(
        "--align", metavar="ZONE|HH:MM", help="Where resampled days start: a time zone, or a UTC time of day."
    )
    return timeframe(resample(align(command)))


def _as_evaluated(command: Command) -> Command:
    """How one strategy is evaluated: on which candles, and with which values of its parameters."""
    values = click.option(
        "--set",
        "values",
        multiple=True,
        metavar="NAME=VALUE",
        help="Give a parameter of the strategy a value; may be repeated.",
    )
    return _as_candles(values(_with_others(command)))


def _with_others(command: Command) -> Command:
    """The bars of other instruments."""
    others = click.option(
        "--symbol",
        "others",
        multiple=True,
        metavar="NAME=BARS",
        help="The bars of another instrument that the strategy reads; may be repeated.",
    )
    return others(command)


@cli.command(short_help="Evaluate a strategy on historical bars and report.")
@_of_files
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write every candle (.csv or .parquet)."
)
@click.option(
    "--from", "first", metavar="TIME", help="Report from this time on; earlier bars still warm every value."
)
@click.option("--to", "last", metavar="TIME", help="Report up to this time; a date means the whole day.")
@_as_evaluated
@click.option(
    "--last-entries", "show", type=click.IntRange(0), default=10, show_default=True, help="Entries to list."
)
def run(
    strategy: str,
    data: str,
    out: Path | None,
    first: str | None,
    last: str | None,
    timeframe: str | None,
    resample: bool,
    align: str | None,
    values: tuple[str, ...],
    others: tuple[str, ...],
    show: int,
) -> None:
    """Evaluate STRATEGY (a file, or - for standard input) on historical bars and report.

    The whole history is evaluated; --from and --to choose what is reported.

    Exit status: 0 done, 1 the strategy or the bars are invalid, 2 misuse or an unreadable file.
    """
    from .commands.running import Request, run_strategy
    from .commands.sources import Sources

    sources = Sources(strategy, Path(data), timeframe, resample, align, values, others)
    raise click.exceptions.Exit(run_strategy(Request(sources, out, first, last, show)))


@cli.command(short_help="Score many strategies on many symbols; a killed run goes on where it was.")
@click.argument("snapshots", metavar="SNAPSHOTS")
@click.option(
    "--data",
    required=True,
    multiple=True,
    metavar="PATTERN",
    help="OHLCV bars: a file, a folder, or a glob in quotes ('bars/*.parquet'); may be repeated.",
)
@click.option("--out", required=True, metavar="FOLDER", help="Where the results are written.")
@click.option("--column", metavar="NAME", help="The column of a Parquet file that has the snapshots.")
@click.option(
    "--symbol-from",
    metavar="stem|parent|column:NAME",
    default="stem",
    show_default=True,
    help="What names a symbol: the file, its folder, or a column of a file that holds several.",
)
@click.option(
    "--format",
    "formats",
    type=click.Choice(["parquet", "csv", "ndjson"]),
    multiple=True,
    default=["parquet"],
    show_default=True,
    help="How scores are written; may be repeated.",
)
@click.option("--entries", is_flag=True, help="Write all entries, too, one a row.")
@click.option(
    "--top", type=click.IntRange(0), default=10, show_default=True, metavar="N", help="Scores to list."
)
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Work in N processes instead of the threads of one.",
)
@click.option(
    "--cluster", metavar="ADDRESS", help="Work on the Dask cluster of a scheduler, tcp://HOST:PORT."
)
@click.option(
    "--max-memory",
    "memory",
    metavar="SIZE",
    help="For all work at once, such as 512M or 8G (the default); on a cluster for each worker.",
)
@click.option(
    "--max-work",
    "work",
    type=click.FloatRange(0, min_open=True),
    metavar="WORK",
    help="For a strategy on a symbol, in the units of `estimate`; 2e13 by default.",
)
@_as_candles
def score(**request: Any) -> None:
    """Score SNAPSHOTS, strategies or envelopes, on the bars of many symbols.

    SNAPSHOTS is NDJSON (.ndjson, .jsonl, or - for standard input), a folder of .json, one .json, or a Parquet
    file. FOLDER gets scores (one row a snapshot and symbol: how often it enters, and what it says of the last
    candle), rejected.ndjson, failures.ndjson and run.json.

    What is finished is kept: the same call again computes only what is missing, whatever happened to the
    first, and writes the same bytes.

    Exit status: 0 all done, 1 some snapshots were rejected or something failed, and the rest is done, 2
    misuse, or a file or folder cannot be read or written, 130 interrupted.
    """
    from .commands.scoring import Request, score_files

    raise click.exceptions.Exit(score_files(Request(**request)))


@cli.command("explain-candle", short_help="Say why one candle entered or not, and what would change that.")
@_of_files
@click.option(
    "--at",
    required=True,
    metavar="TIME|ROW",
    help="When the candle opened, or its row: counted from 0, negative from the end.",
)
@_shown_as("How to show the explanation.", "json")
@_as_evaluated
def explain_candle(
    strategy: str,
    data: str,
    at: str,
    form: str,
    timeframe: str | None,
    resample: bool,
    align: str | None,
    values: tuple[str, ...],
    others: tuple[str, ...],
) -> None:
    """Say why one candle entered or not: every comparison with its values and margin.

    STRATEGY is a file, or - for standard input. A time without an offset is read in the zone of the
    bars. Shown last are the smallest sets of conditions that would change the outcome if they were true
    instead of false, false instead of true, or either instead of undefined.

    Exit status: 0 done, 1 the strategy or the bars are invalid, 2 misuse (no candle opens at TIME) or an
    unreadable file.
    """
    from .commands.explaining import Request, explain_strategy
    from .commands.sources import Sources

    sources = Sources(strategy, Path(data), timeframe, resample, align, values, others)
    raise click.exceptions.Exit(explain_strategy(Request(sources, at, form)))


@cli.command(short_help="Check on given bars what the compiler has proved; write or replay a certificate.")
@_of_files
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the certificate to a .json file."
)
@click.option(
    "--replay",
    type=click.Path(path_type=Path),
    metavar="CERTIFICATE",
    help="Evaluate once more and compare the bits with those of this certificate.",
)
@click.option("--thorough", is_flag=True, help="Try much more: minutes instead of seconds.")
@click.option(
    "--seed",
    type=click.IntRange(0, 2**40 - 1),
    default=0,
    show_default=True,
    help="Of what is drawn at random.",
)
@_shown_as("How to show what was found.", "json")
@_as_evaluated
def verify(
    strategy: str,
    data: str,
    out: Path | None,
    replay: Path | None,
    thorough: bool,
    seed: int,
    form: str,
    timeframe: str | None,
    resample: bool,
    align: str | None,
    values: tuple[str, ...],
    others: tuple[str, ...],
) -> None:
    """Check on BARS what the compiler has proved of STRATEGY (a file, or - for standard input).

    Every result is computed again in other ways, and every bit has to be the same: on the first candles
    alone, with other futures, candle by candle as in live trading, in other chunks, as plain Python. The
    certificate says which strategy, bars and engine it was, what each value reads, the digest of every
    value, and what was tried.

    With --replay the same strategy on the same bars is evaluated once more, here or elsewhere, and the
    first node of its graph that has other bits is named.

    Exit status: 0 all bits are the same, 1 some are not, or the strategy or the bars are invalid, 2 misuse,
    an unreadable file, or a certificate that is damaged or of another strategy or other bars.
    """
    from .commands.sources import Sources
    from .commands.verifying import Request, verify_strategy

    sources = Sources(strategy, Path(data), timeframe, resample, align, values, others)
    raise click.exceptions.Exit(verify_strategy(Request(sources, out, replay, thorough, seed, form)))


@cli.command(short_help="Try many values of a strategy's parameters on one history.")
@_of_files
@click.argument("axes", nargs=-1, metavar="[NAME=VALUES]...")
@click.option(
    "--grid",
    multiple=True,
    metavar="NAME=VALUES",
    help="What to vary: fast=5:50:5, slow=20,50,100, or fast for its declared range; score.NAME is a weight.",
)
@click.option(
    "--objective", default="t_value_5", show_default=True, metavar="STATISTIC", help="What decides."
)
@click.option("--minimize", is_flag=True, help="The least is the best.")
@click.option(
    "--sampler",
    type=click.Choice(["grid", "random", "sobol", "optuna"]),
    default="grid",
    show_default=True,
    help="How values are chosen.",
)
@click.option("--trials", type=click.IntRange(1), help="How many values to try; of a grid, all.")
@click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the sampler."
)
@click.option("--train", metavar="FROM..TO", help="Choose on these candles.")
@click.option("--test", metavar="FROM..TO|SHARE%", help="Test the choice on these, or on the last 30%.")
@click.option("--folds", type=click.IntRange(0, 1000), default=0, help="Steps of a walk forward.")
@click.option("--threads", type=click.IntRange(1, 64), default=1, show_default=True, help="Threads.")
@click.option("--top", type=click.IntRange(1), default=10, show_default=True, help="Trials to list.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE",
    help="Write a heat map (.html, .png) or the table of trials (.csv, .parquet); may be repeated.",
)
@_as_evaluated
def sweep(
    strategy: str,
    data: str,
    axes: tuple[str, ...],
    grid: tuple[str, ...],
    objective: str,
    minimize: bool,
    sampler: str,
    trials: int | None,
    seed: int,
    train: str | None,
    test: str | None,
    folds: int,
    threads: int,
    top: int,
    out: tuple[Path, ...],
    timeframe: str | None,
    resample: bool,
    align: str | None,
    values: tuple[str, ...],
    others: tuple[str, ...],
) -> None:
    """Try many values of the parameters of STRATEGY on BARS, and list the best.

    \b
    dslc sweep strategy.json --data bars.csv --grid fast=5:50:5 slow=20,50,100 --test 30%

    Weights and thresholds alone (score.NAME, or parameters that only the decision uses) are scored again
    from the same conditions, some hundred times as quickly. Constraints of the document always hold.

    Exit status: 0 done, 1 the strategy or the bars are invalid, 2 misuse or an unreadable file.
    """
    from .commands.sources import Sources
    from .commands.sweeping import Request, sweep_strategy

    sources = Sources(strategy, Path(data), timeframe, resample, align, values, others)
    asked = Request(
        sources,
        (*grid, *axes),
        out,
        objective,
        minimize,
        sampler,
        trials,
        seed,
        train,
        test,
        folds,
        threads,
        top,
    )
    raise click.exceptions.Exit(sweep_strategy(asked))


@cli.command(short_help="Say what is known of a strategy before any candle is seen; draw its graph.")
@click.argument("strategy", metavar="STRATEGY")
@_shown_as("How to show the report.", "json")
@click.option(
    "--graph",
    type=click.Choice(["mermaid", "dot", "svg"]),
    help="Draw the graph of the strategy instead of the report.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file instead of printing."
)
@click.option("--timeframe", type=click.Choice(TIMEFRAMES), help="Replace the timeframe of the strategy.")
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="NAME=VALUE",
    help="Give a parameter of the strategy a value; may be repeated.",
)
def inspect(
    strategy: str,
    form: str,
    graph: Any,
    out: Path | None,
    timeframe: str | None,
    values: tuple[str, ...],
) -> None:
    """Say what is known of STRATEGY (a file, or - for standard input) before any candle is seen.

    Of every input and condition: the first candle on which it is defined, from which on recurrences have
    settled, the candles that it reads (the certificate of causality), range and unit. Then the scores, the
    minimal sets of conditions that fire the decision, and what a million candles cost. --format json has
    the same for every node of the graph.

    Exit status: 0 done, 1 the strategy is invalid, 2 misuse or an unreadable file.
    """
    from .commands.inspecting import Request, inspect_strategy

    if graph is not None and form != "text":
        raise click.UsageError(f"--graph draws a picture, and --format {form} is for the report: choose one")
    raise click.exceptions.Exit(inspect_strategy(Request(strategy, timeframe, values, form, graph, out)))


@cli.command(short_help="Say what changed in meaning between two strategies.")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "--data", type=click.Path(path_type=Path), metavar="BARS", help="Compare the entries on these bars."
)
@_shown_as("How to show the difference.", "json")
@_as_candles
@_with_others
def diff(
    before: str,
    after: str,
    data: Path | None,
    form: str,
    timeframe: str | None,
    resample: bool,
    align: str | None,
    others: tuple[str, ...],
) -> None:
    """Say what changed in meaning from strategy A to strategy B (files; one may be - for standard input).

    Computations are compared, not texts: spelling, brackets and order do not count, and an input under
    another name is one that was renamed. With --data both are evaluated, and the candles on which only one
    of them enters are counted and listed.

    Exit status, as of diff: 0 the same meaning, 1 a different one, 2 misuse, an unreadable file, or a
    strategy or bars that are invalid.
    """
    from .commands.comparing import Request, compare_strategies

    asked = Request(before, after, data, timeframe, resample, align, form, others)
    raise click.exceptions.Exit(compare_strategies(asked))


@cli.command("fix", short_help="Mend strategies: write what their authors can only have meant.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--unsafe", is_flag=True, help="Apply guesses, too, such as the nearest name.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@_as_stdin
def fix(files: tuple[str, ...], unsafe: bool, diff: bool, stdin_name: str | None) -> None:
    """Mend strategies in place: files, folders (every .json below) or -.

    What is mended can only have been meant so: another spelling of an operator, a function, a timeframe or a
    key, punctuation that JSON has otherwise, arguments the other way round. Each change is tried before it is
    made: its diagnostic is gone and no error has come. The layout stays. With - the document is read from
    standard input, and printed mended.

    Exit status: 0 nothing is left wrong, 1 errors are left, 2 some are unreadable or cannot be written.
    """
    from .commands.fixing import Request, fix_files

    _check_stdin_name(files, stdin_name)
    raise click.exceptions.Exit(fix_files(Request(files, unsafe, diff, stdin_name)))


@cli.command("fmt", short_help="Rewrite strategies in their canonical form.")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit status 1 if a file would change.")
@click.option("--diff", is_flag=True, help="As --check, and show what would change.")
@_as_stdin
def fmt(files: tuple[str, ...], check: bool, diff: bool, stdin_name: str | None) -> None:
    """Rewrite strategies in their canonical form: files, folders (every .json below) or -.

    Keys stand in the order of the schema, names in that of their author; expressions are printed with
    single spaces and the brackets that they need. Numbers keep their spelling, and the hash does not change.
    With - the document is read from standard input, and its canonical form printed. Invalid documents are
    reported and stay as they are.

    Exit status: 0 done, 1 some are invalid (or, with --check or --diff, would change), 2 some unreadable.
    """
    from .commands.formatting import Request, format_files

    _check_stdin_name(files, stdin_name)
    raise click.exceptions.Exit(format_files(Request(files, check, diff, stdin_name)))


@cli.command()
@click.argument("name", required=False)
def functions(name: str | None) -> None:
    """List the functions of the language, or describe one."""
    from .commands.reference import describe, overview, unknown

    if name is None:
        click.echo(overview())
        return
    text = describe(name)
    if text is None:
        click.echo(unknown(name), err=True)
        raise click.exceptions.Exit(MISUSE)
    click.echo(text)


@cli.command(short_help="Describe a code, such as E301, or list them all.")
@click.argument("code", required=False)
@_shown_as("How to show it.", "markdown", "json")
def explain(code: str | None, form: str) -> None:
    """Print the page of a diagnostic's CODE: what it says, why it matters, a wrong and a right example.

    A CODE is E206, e206, or the name of what was found: chained_comparison. Without one all are listed; as
    markdown or json, all pages are printed.

    Exit status: 0 done, 2 there is no such code.
    """
    from .commands.reference import explain_codes

    raise click.exceptions.Exit(explain_codes(code, form))


@cli.command(short_help="Print a guide to the language, for a model that writes strategies.")
@click.option(
    "--budget", type=click.IntRange(9000), metavar="N", help="The most characters; by default, all there is."
)
def prompt(budget: int | None) -> None:
    """Print a guide to the language for a language model that writes strategies.

    It is made of the grammar, the functions and the diagnostics of this version. With a budget, parts are
    left out: examples of functions first, then limits, parameters, mistakes, how to check, laws, and what
    functions say. The guide names what is missing.
    """
    from .guides.prompt import prompt as guide

    click.echo(guide(budget))


@cli.command(short_help="Print a grammar that constrains what a model writes.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["gbnf", "lark", "schema"]),
    required=True,
    help="gbnf and lark are of an expression, schema is of the document.",
)
def grammar(form: Any) -> None:
    """Print a grammar for generators that can be held to one.

    gbnf is for llama.cpp and its kin: every expression that it allows is read without a mistake in its
    spelling. lark is the grammar of the parser itself, which also takes spellings of other languages, to say
    what to write instead. schema is the JSON Schema of the document.
    """
    from .commands.reference import printed_grammar

    click.echo(printed_grammar(form))


@cli.command()
@click.argument("what", type=click.Choice(["strategy", "diagnostics"]), default="strategy")
def schema(what: Any) -> None:
    """Print the JSON Schema (draft 2020-12) of a strategy, or of `validate --format json`."""
    from .commands.reference import printed_schema

    click.echo(printed_schema(what))


def main() -> NoReturn:
    """Run the command line and leave with its exit status; nothing a user does ends in a traceback."""
    _prepare_streams()
    try:
        status = cli.main(prog_name="dslc", standalone_mode=False) or 0
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        status = INTERRUPTED
    except BrokenPipeError:
        status = BROKEN_PIPE
    except OSError as error:
        click.echo(f"dslc: the output cannot be written: {error.strerror or error}", err=True)
        status = MISUSE
    if status in (BROKEN_PIPE, MISUSE):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the interpreter flushes it on its way out
    sys.exit(status)


def _prepare_streams() -> None:
    """Closed streams become empty ones, and what an encoding cannot show is written as an escape."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
        elif mode == "w" and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
