"""Downloads the MovieLens data sets, checks them, and leaves all files or none."""

from __future__ import annotations

import logging
import re
import shutil
import stat
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pooch

from explainable_recsys.errors import InputError

BASE_URL = "https://files.grouplens.org/datasets/movielens"
PAGE = "https://grouplens.org/datasets/movielens/"
TIMEOUT_S = 60
PIP_TIMEOUT_S = 900
MAX_MEMBER_BYTES = 4 << 30
WORKING_FOLDER = ".fetching"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Archive:
    """A zip file of GroupLens.

    Attributes:
        md5: Its checksum as GroupLens publishes it (<file>.zip.md5); None if the file
            changes over time, so that the checksum is fetched too.
        needed: Files that must be in it.
        extra: Files taken along if they are in it.
    """

    md5: str | None
    needed: tuple[str, ...]
    extra: tuple[str, ...] = ("README.txt", "links.csv")


_SPLITS = tuple(
    f"{split}.{part}"
    for split in ("u1", "u2", "u3", "u4", "u5", "ua", "ub")
    for part in ("base", "test")
)
_CSV = ("ratings.csv", "movies.csv", "tags.csv")

ARCHIVES = {
    "ml-100k": Archive(
        "0e33842e24a9c977be4e0107933c0723", ("u.data", "u.item", "u.user"), ("README", *_SPLITS)
    ),
    "ml-1m": Archive(
        "c4d9eecfca2ab87c1945afe126590906", ("ratings.dat", "movies.dat", "users.dat"), ("README",)
    ),
    "ml-20m": Archive("cd245b17a1ae2cc31bb14903e1204af3", _CSV),
    "ml-25m": Archive("6b51fb2759a8657d3bfcbfc42b592ada", _CSV),
    "ml-32m": Archive("d472be332d4daa821edc399621853b57", _CSV),
    "ml-latest": Archive(None, _CSV),
}

RECBOLE = "recbole==1.2.1"
RECBOLE_SHA256 = "9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407"
RECBOLE_FOLDER = "recbole/dataset_example/ml-100k"
RECBOLE_FILES = tuple(f"ml-100k.{kind}" for kind in ("inter", "item", "user", "kg", "link"))

ML_100K_GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)


class UnreachableError(InputError):
    """A server could not be reached, or did not send the whole file."""


def fetch(name: str, folder: Path, progress: bool = True, base_url: str = BASE_URL) -> list[Path]:
    """Put the files of a MovieLens data set into a folder; nothing to do if they are there.

    The archive is downloaded and unpacked beside its destination, checked against the
    checksum GroupLens publishes, and only then moved into place. Where GroupLens cannot be
    reached, ml-100k is taken from the copy inside a PyPI package; `convert_recbole` says how
    it differs.

    Args:
        name: One of `ARCHIVES`.
        folder: Destination, made if missing.
        progress: Whether to show a progress bar.
        base_url: Where the archives are.

    Returns:
        The files in the folder that belong to the data set.

    Raises:
        InputError: If the name is unknown, the download fails or is not the known file, or
            the folder cannot be written. The folder then has no new file.
    """
    if name not in ARCHIVES:
        raise InputError(f"data set {name!r} cannot be fetched; accepted: {', '.join(ARCHIVES)}")
    archive = ARCHIVES[name]
    if all((folder / file).is_file() for file in archive.needed):
        logger.info("%s is already in %s; nothing to do", name, folder)
        return _present(archive, folder)
    by_hand = (
        f"Try again later, or get {name}.zip by hand from {PAGE} and unpack "
        f"{', '.join(archive.needed)} into {folder}"
    )
    working = folder / WORKING_FOLDER  # on the same disk, so that files are moved whole
    try:
        shutil.rmtree(working, ignore_errors=True)  # left by a run that was killed
        working.mkdir(parents=True)
        _download(name, working, working / "files", progress, base_url)
        for file in sorted((working / "files").iterdir()):
            file.replace(folder / file.name)
    except InputError as error:
        raise InputError(f"{name}: {error}. {by_hand}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot write into {folder}: {error}") from None
    finally:
        shutil.rmtree(working, ignore_errors=True)
    return _present(archive, folder)


def convert_recbole(source: Path, target: Path) -> None:
    """Write recbole's ml-100k as GroupLens' u.data, u.item and u.user.

    Compared with GroupLens' own files, line by line:

    * ratings and users are the same, in the same order;
    * genres are the same; so are the titles, except that three have lost a blank at their
      end (movies 1128, 1201, 1635). Movie 267, "unknown", is spelled "unkonwn" in recbole;
      that is put right here;
    * release dates and IMDb addresses are not in recbole, so their fields are empty.

    recbole's knowledge graph, `ml-100k.kg` and `ml-100k.link`, is kept beside them as it is:
    its links number movies as MovieLens 20M does.

    Args:
        source: Folder with `RECBOLE_FILES`.
        target: Folder to write to.
    """
    _convert(source / "ml-100k.inter", target / "u.data", lambda *fields: "\t".join(fields))
    _convert(source / "ml-100k.user", target / "u.user", lambda *fields: "|".join(fields))
    _convert(source / "ml-100k.item", target / "u.item", _item_line)
    for file in ("ml-100k.kg", "ml-100k.link"):
        shutil.copyfile(source / file, target / file)


def _convert(source: Path, target: Path, line_of: Callable[..., str]) -> None:
    """Write a line for the fields of every line after the header of a recbole file."""
    lines = source.read_text(encoding="utf-8").splitlines()[1:]
    converted = [line_of(*line.split("\t")) + "\n" for line in lines]
    target.write_text("".join(converted), encoding="latin-1", newline="\n")


def _item_line(item_id: str, title: str, year: str, genres: str) -> str:
    """A line of u.item: id, title, two dates, address, and 19 flags for genres."""
    named = "unknown" if title == "unkonwn" else f"{title} ({year})"
    flags = ["1" if genre in genres.split(" ") else "0" for genre in ML_100K_GENRES]
    return "|".join([item_id, named, "", "", "", *flags])


def _present(archive: Archive, folder: Path) -> list[Path]:
    files = (*archive.needed, *archive.extra, *RECBOLE_FILES)
    return [folder / file for file in files if (folder / file).is_file()]


def _download(name: str, working: Path, files: Path, progress: bool, base_url: str) -> None:
    """Put complete, checked files into a folder that is made."""
    archive, url = ARCHIVES[name], f"{base_url}/{name}.zip"
    try:
        md5 = archive.md5 or _published_md5(f"{url}.md5", working)
        path = _retrieve(url, working, f"md5:{md5}", progress)
        unpack(path, name, files, archive.needed, archive.extra)
    except UnreachableError as error:
        if name != "ml-100k":
            raise
        logger.warning("%s; taking the copy inside the PyPI package %s instead", error, RECBOLE)
        try:
            _from_recbole(working, files)
        except InputError as second:
            raise InputError(f"{error}; nor is there the copy inside {RECBOLE}: {second}") from None


def _published_md5(url: str, working: Path) -> str:
    text = _retrieve(url, working, None, progress=False).read_text(encoding="latin-1")
    found = re.search(r"\b[0-9a-fA-F]{32}\b", text)
    if found is None:
        raise InputError(f"{url} holds no md5 checksum")
    return found[0].lower()


def _retrieve(url: str, working: Path, known_hash: str | None, progress: bool) -> Path:
    """Download a file and check it."""
    downloader = pooch.HTTPDownloader(progressbar=progress, timeout=TIMEOUT_S)
    pooch.get_logger().setLevel(logging.ERROR)  # what it says of hashes is of no use to people
    try:
        name = url.rpartition("/")[2]
        return Path(pooch.retrieve(url, known_hash, name, working, downloader=downloader))
    except ValueError:
        raise InputError(f"{url} is not the known file: its checksum is not {known_hash}") from None
    except OSError as error:
        if error.errno is not None:  # of the disk; errors of the connection have no number
            raise
        cause = error.args[0] if error.args else error
        reason = getattr(cause, "reason", None) or cause
        raise UnreachableError(f"{url} cannot be downloaded ({reason})") from None


def _from_recbole(working: Path, files: Path) -> None:
    wheel = _pip_download(working / "wheel")
    digest = pooch.file_hash(str(wheel), alg="sha256")
    if digest != RECBOLE_SHA256:
        raise InputError(f"{wheel.name} is not the known file: its sha256 is {digest}")
    unpack(wheel, RECBOLE_FOLDER, working / "recbole", RECBOLE_FILES)
    files.mkdir()
    convert_recbole(working / "recbole", files)


def _pip_download(target: Path) -> Path:
    """Get the wheel of recbole with the user's own pip, configured as it is."""
    command = [sys.executable, "-m", "pip", "download", RECBOLE, "--no-deps", "--quiet"]
    options = ["--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    done = run_command([*command, *options, "--dest", str(target)])
    if done.returncode != 0:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise InputError(f"pip download failed ({lines[-1].strip() if lines else 'no message'})")
    return next(target.glob("recbole-*.whl"))


def run_command(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a program and keep what it says.

    Raises:
        InputError: If it takes more than 15 minutes.
    """
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PIP_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"pip took more than {PIP_TIMEOUT_S} seconds") from None


def unpack(
    archive: Path, prefix: str, target: Path, needed: tuple[str, ...], extra: tuple[str, ...] = ()
) -> None:
    """Unpack single files of one folder of a zip file, and nothing else.

    Args:
        archive: The zip file.
        prefix: The folder in it.
        target: Folder to make and write to.
        needed: Names of files that must be there.
        extra: Names of files to take along if they are there.

    Raises:
        InputError: If the archive is damaged or lacks a file, or a file is a link or larger
            than 4 GiB.
    """
    target.mkdir()
    try:
        with zipfile.ZipFile(archive) as content:
            present = set(content.namelist())
            for file in (*needed, *extra):
                if file in needed or f"{prefix}/{file}" in present:
                    _unpack_file(content, f"{prefix}/{file}", target / file)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, KeyError) as error:
        raise InputError(f"{archive.name} is damaged: {error}") from None


def _unpack_file(content: zipfile.ZipFile, member: str, target: Path) -> None:
    """Write one regular file; zipfile itself reads no more than the size it declares."""
    info = content.getinfo(member)
    if stat.S_ISLNK(info.external_attr >> 16) or info.is_dir():
        raise InputError(f"{content.filename}: {member} is not a plain file")
    if info.file_size > MAX_MEMBER_BYTES:
        raise InputError(
            f"{content.filename}: {member} has {info.file_size} bytes; "
            f"accepted: up to {MAX_MEMBER_BYTES}"
        )
    with content.open(info) as source, target.open("xb") as destination:
        shutil.copyfileobj(source, destination, 1 << 20)
