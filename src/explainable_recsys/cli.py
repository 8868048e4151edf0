"""The project's own commands, and `kedro run` with errors a person can read."""

from __future__ import annotations

import copy
import functools
import os
import sys
from pathlib import Path
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.project import settings
from kedro.framework.startup import ProjectMetadata
from kedro_viz.launchers.cli.main import viz

from explainable_recsys.errors import InputError, did_you_mean
from explainable_recsys.interface.interruption import ending_in_good_order
from explainable_recsys.interface.live import LiveLine
from explainable_recsys.interface.messages import pipeline_folders, pipeline_of, user_message
from explainable_recsys.interface.old_names import PIPELINES

RUNNERS = ("SequentialRunner", "ThreadRunner", "ParallelRunner")

OWN_RUNNER = "explainable_recsys.interface.workers.WorkersRunner"
"""Which shares the machine out better than Kedro's own, and which runs where none is named."""

PATH = click.Path(path_type=Path)


@click.group(name="explainable-recsys")
def cli() -> None:
    """Commands of explainable-recsys."""


def with_plain_errors(command: click.Command) -> click.Command:
    """A copy of a command that reports bad input in one message and exits with status 1."""
    callback = command.callback
    assert callback is not None

    @functools.wraps(callback)
    def run_and_report(*args: Any, **kwargs: Any) -> Any:
        try:
            check_names(kwargs)
            if kwargs.get("runner", "") in (None, "ParallelRunner"):
                kwargs["runner"] = OWN_RUNNER
            with ending_in_good_order(tell_what_is_kept):
                return callback(*args, **kwargs)
        except Exception as error:
            message = user_message(error)
            if message is None:
                raise
            click.secho(f"Error: {message}", fg="red", err=True)
            sys.exit(1)

    plain = copy.copy(command)
    plain.callback = run_and_report
    return plain


def tell_what_is_kept() -> None:
    """Say what a run leaves that was stopped, of which hooks are not told."""
    for hook in settings.HOOKS:
        if isinstance(hook, LiveLine):
            hook.stopped()


def check_names(options: dict[str, Any]) -> None:
    """Make sure that the environment and the pipelines asked for exist.

    Raises:
        InputError: Naming those that do.
    """
    conf = Path(options.get("conf_source") or "conf")
    check_environment(conf, options.get("env") or os.environ.get("KEDRO_ENV"))
    known = pipeline_folders()
    for name in options.get("pipelines") or []:
        if name not in {"__default__", *known}:
            maker = PIPELINES.get(name) or pipeline_of(name)
            hint = f"{maker} makes it; " if maker else did_you_mean(name, known)
            raise InputError(f"unknown pipeline '{name}'; {hint}there are: {', '.join(known)}")
    runner = options.get("runner")
    if runner and "." not in runner and runner not in RUNNERS:
        raise InputError(f"unknown runner '{runner}'; there are: {', '.join(RUNNERS)}")


def check_environment(conf: Path, env: str | None) -> None:
    """Make sure that an environment's folder exists.

    Raises:
        InputError: Naming the environments that do.
    """
    if env is None or (conf / env).is_dir() or not conf.is_dir():
        return
    environments = sorted(folder.name for folder in conf.iterdir() if folder.is_dir())
    raise InputError(f"unknown environment '{env}'; there are: {', '.join(environments)}")


run = with_plain_errors(kedro_run)
cli.add_command(run)

# A project cannot replace a command of a plugin that works outside of projects too, as kedro-viz
# does; but where the plugin itself looks its commands up, ours can stand.
for name in ("run", "build"):
    viz.lazy_subcommands[name] = f"explainable_recsys.interface.lineage.{name}"


@click.command(name="fetch-data")
@click.argument("name")
@click.pass_obj
def fetch_data(metadata: ProjectMetadata, name: str) -> None:
    """Download the data set of environment NAME, for example ml-100k."""
    from explainable_recsys.datasets.fetch import fetch
    from explainable_recsys.interface.configuration import read_block

    conf = metadata.project_path / "conf"
    check_environment(conf, name)
    source = read_block(conf / name / "globals.yml").get("source") or {}
    if not source.get("fetch"):
        raise InputError(
            f"environment '{name}' needs no download (conf/{name}/globals.yml has no source.fetch)"
        )
    files = fetch(source["fetch"], metadata.project_path / Path(source["folder"]))
    click.echo("\n".join(str(file) for file in files))
    click.echo(f"Now: kedro run --env {name}")


cli.add_command(with_plain_errors(fetch_data))


@click.command(name="fetch-details")
@click.option("--env", "-e", help="Environment, for example ml-25m.")
@click.option(
    "--limit", type=click.IntRange(1), help="Of how many of the most rated; default: all."
)
@click.pass_obj
def fetch_details(metadata: ProjectMetadata, env: str | None, limit: int | None) -> None:
    """Fetch overviews, posters and age ratings of movies from TMDb, for the app to show.

    The environment variable TMDB_TOKEN holds your own token. What is stored is at most six months
    old; the command may be interrupted, and goes on where it was.
    """
    from explainable_recsys.app.details import fetch_for
    from explainable_recsys.app.tmdb import Tmdb

    tmdb = Tmdb(os.environ.get("TMDB_TOKEN", "").strip())
    click.echo(fetch_for(metadata.project_path, env, tmdb, limit))


cli.add_command(with_plain_errors(fetch_details))


@click.command(name="explain")
@click.option("--user", required=True, help="Id of the user.")
@click.option("--item", help="Id or title of an item, in the user's list or not.")
@click.option(
    "--approach",
    help="Who explains; default: the highest nDCG of those that explain half of their lists.",
)
@click.option("--recommender", help="Instead of an approach: who recommends, for example als.")
@click.option("--explainer", help="How that is explained; default: as its first approach does.")
@click.option("--lists", help="Recommender whose list is explained; default: the one who explains.")
@click.option("--min-ratings", type=click.IntRange(0), help="Fewest ratings of an item.")
@click.option("--without", multiple=True, help="What if this rating were not there? A title or id.")
@click.option("--rate", multiple=True, help='What if this were rated so? For example "Alien=2".')
@click.option("--smallest-change", is_flag=True, help="Without which ratings is it off the list?")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table")
@click.pass_obj
def explain_command(metadata: ProjectMetadata, /, env: str | None, form: str, **asked: Any) -> None:
    """Show what USER rated, what is recommended, and why, from the latest run.

    With --without and --rate, which may be repeated, also what it would be with other ratings;
    with --smallest-change, without which of the ratings an item would not be recommended.
    """
    from explainable_recsys.interface.explain import Question, explain

    explain(metadata.project_path, env, Question(**asked), form)


cli.add_command(with_plain_errors(explain_command))


@click.command(name="recommend")
@click.option("--histories", required=True, type=PATH, help="File: user_id, item_id, rating.")
@click.option("--output", required=True, type=PATH, help="File for the lists.")
@click.option(
    "--approach",
    help="Who recommends; default: the highest nDCG of those that explain half of their lists.",
)
@click.option("--n", type=click.IntRange(1), help="Length of the lists; default: as in the run.")
@click.option("--explain", is_flag=True, help="With a sentence that says why.")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def recommend_command(metadata: ProjectMetadata, /, env: str | None, **wanted: Any) -> None:
    """Recommend to everybody in a file of histories, whether a run knows them or not.

    Both files are CSV or Parquet, by their ending; the rows of each person stand together.
    """
    from explainable_recsys.interface.recommend import Order, recommend_file

    recommend_file(metadata.project_path, env, Order(**wanted))


cli.add_command(with_plain_errors(recommend_command))


@click.command(name="summary")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.option(
    "--all", "everything", is_flag=True, help="All tables, and reasons of all approaches."
)
@click.pass_obj
def summary_command(metadata: ProjectMetadata, /, env: str | None, everything: bool) -> None:
    """Show what runs found out, from what is stored."""
    from explainable_recsys.interface.summary import summarize

    summarize(metadata.project_path, env, everything)


cli.add_command(with_plain_errors(summary_command))


@click.command(name="prune")
@click.option("--keep", type=click.IntRange(1), default=3, show_default=True, help="Runs to keep.")
@click.option("--yes", is_flag=True, help="Remove it; without, only say what would go.")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def prune_command(metadata: ProjectMetadata, /, keep: int, yes: bool, env: str | None) -> None:
    """Remove what runs stored but the latest, and what the latest read.

    A run that is pinned is never touched.
    """
    from explainable_recsys.interface.prune import prune

    prune(metadata.project_path, env, keep, yes)


cli.add_command(with_plain_errors(prune_command))


@click.command(name="app")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.option("--approaches", help="Names with commas between; default: all that are stored.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
@click.option("--behind-proxy", "is_behind_proxy", is_flag=True, help="A proxy here passes on.")
@click.option("--root-path", default="", help="Where a proxy shows it, for example /films.")
@click.option("--log", default="", help="File for a line of JSON about each request.")
@click.option("--study", "studies", multiple=True, type=Path, help="Folder of a study; repeatable.")
@click.option(
    "--store", default="", help="Where its answers are kept: a file, or a database's URL."
)
@click.option("--try", "is_trial", is_flag=True, help="Try its pages today; answers do not count.")
@click.pass_obj
def app_command(
    metadata: ProjectMetadata, /, env: str | None, approaches: str | None, **options: Any
) -> None:
    """Open the web application: rate, get a list, see why, ask what if.

    It shows the last run, which is kept as long as it is shown.
    """
    from explainable_recsys.app.serve import Options, serve

    check_environment(metadata.project_path / "conf", env)
    names = tuple(filter(None, (name.strip() for name in (approaches or "").split(","))))
    serve(metadata.project_path, env, names, Options(**options))


cli.add_command(with_plain_errors(app_command))


@click.group(name="study")
def study() -> None:
    """Find out whether people trust the reasons: plan a study, run it, analyse it."""


cli.add_command(study)

N_SIMULATED = click.option(
    "--people", type=click.IntRange(1), default=200, show_default=True, help="To try it with."
)
"""Option of the commands that try a plan with people of the data."""


@click.command(name="check")
@click.argument("plan", type=PATH)
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@N_SIMULATED
@click.pass_obj
def study_check(metadata: ProjectMetadata, /, plan: Path, env: str | None, people: int) -> None:
    """Say what PLAN means, how many films match, and how many people it takes.

    PLAN is a study.yml or its folder.
    """
    from explainable_recsys.app.picks import picking_order
    from explainable_recsys.interface.study_check import check

    check_environment(metadata.project_path / "conf", env)
    check(metadata.project_path, env, plan, people, picking_order)


study.add_command(with_plain_errors(study_check))


@click.command(name="preregister")
@click.argument("plan", type=PATH)
@click.option("--output", required=True, type=PATH, help="File for the text, in Markdown.")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@N_SIMULATED
@click.pass_obj
def study_preregister(
    metadata: ProjectMetadata, /, plan: Path, output: Path, env: str | None, people: int
) -> None:
    """Write what is registered before a study begins: hypotheses, people, tests, exclusions."""
    from explainable_recsys.app.picks import picking_order
    from explainable_recsys.interface.study_check import preregister

    check_environment(metadata.project_path / "conf", env)
    preregister(metadata.project_path, env, plan, output, people, picking_order)


study.add_command(with_plain_errors(study_preregister))

STORE = click.option(
    "--store", default="", help="File or URL of the answers; default: the study's own file."
)
"""Option of the commands that read what people answered."""


@click.command(name="simulate")
@click.argument("plan", type=PATH)
@click.option("--people", type=click.IntRange(1), default=60, show_default=True)
@click.option("--through", type=click.Choice(["functions", "pages"]), default="functions")
@click.option("--effect", "effects", multiple=True, help="Of a kind, such as rules=0.5.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--cut", type=click.FloatRange(0, 0.5), default=0.0, help="Share of requests lost.")
@click.option("--kills", type=click.IntRange(0), default=0, help="How often the server is killed.")
@click.option("--at-once", type=click.IntRange(1), default=16, help="People at the same time.")
@click.option("--think", type=click.FloatRange(0), default=0.0, help="Seconds for a page.")
@click.option("--store", default="", help="File or URL of an empty store.")
@click.option("--output", type=PATH, help="Folder to which the answers are exported.")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_simulate(
    metadata: ProjectMetadata,
    /,
    env: str | None,
    plan: Path,
    effects: tuple[str, ...],
    **options: Any,
) -> None:
    """Let made-up people take part in PLAN: a pilot, and a test of everything at once.

    Through the pages they meet a server in a process of its own; some of their requests can be
    lost, doubled or late, and the server killed on the way. Nothing that was kept may be lost.
    """
    from explainable_recsys.app.study.simulate import Trial, read_effects, simulate

    check_environment(metadata.project_path / "conf", env)
    trial = Trial(effects=read_effects(effects), **options)
    if not simulate(metadata.project_path, env, plan, trial):
        sys.exit(1)


study.add_command(with_plain_errors(study_simulate))


@click.command(name="export")
@click.argument("name", metavar="STUDY")
@click.option("--output", required=True, type=PATH, help="Folder to be made.")
@click.option("--with-text", is_flag=True, help="With free text, which may tell who wrote it.")
@STORE
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_export(
    metadata: ProjectMetadata,
    /,
    name: str,
    output: Path,
    with_text: bool,
    store: str,
    env: str | None,
) -> None:
    """Write the answers to STUDY as tables, without those of people who withdrew.

    STUDY is its name in addresses, or a store in which it is the only one.
    """
    from explainable_recsys.app.study.commands import export

    check_environment(metadata.project_path / "conf", env)
    export(metadata.project_path, env, name, store, output, with_text)


study.add_command(with_plain_errors(study_export))


@click.command(name="replay")
@click.argument("name", metavar="STUDY")
@STORE
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_replay(metadata: ProjectMetadata, /, name: str, store: str, env: str | None) -> None:
    """Ask all ratings of STUDY again of its run; fail if a list or a reason is different."""
    from explainable_recsys.app.study.commands import replay

    check_environment(metadata.project_path / "conf", env)
    if not replay(metadata.project_path, env, name, store):
        sys.exit(1)


study.add_command(with_plain_errors(study_replay))


@click.command(name="codes")
@click.argument("name", metavar="STUDY")
@click.option("--people", type=click.IntRange(1), required=True, help="How many.")
@STORE
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_codes(
    metadata: ProjectMetadata, /, name: str, people: int, store: str, env: str | None
) -> None:
    """Make codes with each of which one person can take part in STUDY; they are shown once."""
    from explainable_recsys.app.study.commands import codes

    check_environment(metadata.project_path / "conf", env)
    codes(metadata.project_path, env, name, store, people)


study.add_command(with_plain_errors(study_codes))


@click.command(name="addresses")
@click.argument("name", metavar="STUDY")
@STORE
@click.option("--delete", "gone", metavar="ADDRESS", default="", help="Delete this one.")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_addresses(
    metadata: ProjectMetadata, /, name: str, store: str, gone: str, env: str | None
) -> None:
    """Show the e-mail addresses that people left for the raffle of STUDY, or delete one."""
    from explainable_recsys.app.study.commands import addresses

    check_environment(metadata.project_path / "conf", env)
    addresses(metadata.project_path, env, name, store, gone)


study.add_command(with_plain_errors(study_addresses))


@click.command(name="withdraw")
@click.argument("code")
@STORE
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_withdraw(metadata: ProjectMetadata, /, code: str, store: str, env: str | None) -> None:
    """Delete all answers of the person who has CODE from the last page."""
    from explainable_recsys.app.study.commands import withdraw

    check_environment(metadata.project_path / "conf", env)
    withdraw(metadata.project_path, env, code, store)


study.add_command(with_plain_errors(study_withdraw))


@click.command(name="expire")
@STORE
@click.option("--yes", is_flag=True, help="Delete them; without, only say which.")
@click.option("--env", "-e", help="Environment, for example ml-100k.")
@click.pass_obj
def study_expire(metadata: ProjectMetadata, /, store: str, yes: bool, env: str | None) -> None:
    """Delete studies whose answers were to be kept until a day that is over."""
    from explainable_recsys.app.study.commands import expire

    check_environment(metadata.project_path / "conf", env)
    expire(metadata.project_path, env, store, yes)


study.add_command(with_plain_errors(study_expire))
