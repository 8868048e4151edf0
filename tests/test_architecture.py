"""The layers of the package: what may import what, and what nobody may use."""

import ast
from pathlib import Path

import pytest

import explainable_recsys

PACKAGE = "explainable_recsys"
ROOT = Path(explainable_recsys.__file__).parent

LIBRARY = {
    "interactions",
    "draws",
    "errors",
    "progress",
    "ragged",
    "threads",
    "recommenders",
    "explainers",
    "metrics",
    "exploration",
    "preprocessing",
    "figures",
    "reporting",
}
PROJECT = {
    "cli",
    "datasets",
    "explain",
    "hooks",
    "notebook",
    "pipeline_registry",
    "pipelines",
    "settings",
    "stored",
    "summary",
    "terminal",
}
PICKLES = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}


def module_name(path):
    """`recommenders.als`, and `recommenders` for its `__init__.py`."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


FILES = {module_name(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
IN_LIBRARY = sorted(name for name in TREES if name.partition(".")[0] in LIBRARY)


def at_import_time(node):
    """The nodes that run when the module is imported: no function bodies, no TYPE_CHECKING."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from at_import_time(child)


def imported(name, nodes):
    """Absolute names of everything that the nodes of a module import."""
    package = f"{PACKAGE}.{name}".split(".")
    if FILES[name].name != "__init__.py":
        package.pop()
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def inside_package(imports):
    """Modules of the package among the imports; importing a module imports its parents."""
    found = set()
    for target in imports:
        parts = target.split(".")
        if parts[0] == PACKAGE:
            found |= {".".join(parts[1:end]) for end in range(2, len(parts) + 1)}
    return found & set(TREES)


def test_the_package_was_found():
    assert {"interactions", "recommenders.als", "pipelines", "cli"} <= set(TREES)
    assert {"recommenders.base", "interactions"} <= inside_package(
        imported("recommenders.als", ast.walk(TREES["recommenders.als"]))
    )


@pytest.mark.parametrize("name", IN_LIBRARY)
def test_library_knows_neither_kedro_nor_the_project(name):
    imports = set(imported(name, ast.walk(TREES[name])))
    kedro = {target for target in imports if target.split(".")[0].startswith("kedro")}
    upward = {module for module in inside_package(imports) if module.partition(".")[0] in PROJECT}
    assert not kedro, f"{name} imports {kedro}"
    assert not upward, f"{name} imports {upward}"


def test_every_part_of_the_package_has_a_layer():
    parts = {name.partition(".")[0] for name in TREES} - {"", "__main__"}
    assert parts <= LIBRARY | PROJECT | {"service", "study"}


def test_no_import_cycle():
    graph = {
        name: inside_package(imported(name, at_import_time(tree))) - {name}
        for name, tree in TREES.items()
    }
    finished = set()

    def visit(name, path):
        assert name not in path, " -> ".join([*path[path.index(name) :], name])
        if name not in finished:
            for target in sorted(graph[name]):
                if not name.startswith(f"{target}."):  # a package around it is no dependency
                    visit(target, [*path, name])
            finished.add(name)

    for name in graph:
        visit(name, [])


@pytest.mark.parametrize("name", sorted(TREES))
def test_no_pickle(name):
    imports = {target.split(".")[0] for target in imported(name, ast.walk(TREES[name]))}
    assert not imports & PICKLES
    for node in ast.walk(TREES[name]):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"read_pickle", "to_pickle"}


@pytest.mark.parametrize("name", sorted(TREES))
def test_every_module_says_what_it_is_for(name):
    docstring = ast.get_docstring(TREES[name])
    assert docstring, f"{FILES[name].relative_to(ROOT)} has no docstring"
    assert docstring.splitlines()[0].endswith((".", "?", "!"))
