"""Fetching from a local server, and every way in which that can fail."""

import hashlib
import io
import stat
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from explainable_recsys.datasets import fetch as module
from explainable_recsys.datasets.fetch import Archive, convert_recbole, fetch
from explainable_recsys.errors import InputError

CONTENT = {"ml-1m/ratings.dat": "1::2::3::4\n", "ml-1m/movies.dat": "2::A::Drama\n"}
USERS = {"ml-1m/users.dat": "1::F::1::10::48067\n"}
RECBOLE = {
    "ml-100k.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n7\t1\t3\t8\n",
    "ml-100k.user": "user_id:token\tage:token\n7\t24\tM\twriter\t85711\n",
    "ml-100k.item": (
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n"
        "1\tMisérables, Les\t1995\tDrama Musical\n"
        "267\tunkonwn\tunkonwn\tunknown\n"
        "1412\tLand Before Time III (1995)\tV\tAnimation Children's\n"
    ),
    "ml-100k.kg": "head\trelation\ttail\n",
    "ml-100k.link": "item\tentity\n",
}


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


class Server:
    """A web server on loopback; `files` maps paths to what it sends."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.truncated = False
        self.requests: list[str] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                content = server.files.get(self.path)
                self.send_response(404 if content is None else 200)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write((content or b"")[: -10 if server.truncated else None])

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=partial(server.http.serve_forever, poll_interval=0.01))
    thread.start()
    yield server
    server.http.shutdown()
    thread.join()
    server.http.server_close()


@pytest.fixture
def serve(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that has a valid ml-1m."""
    put(server, monkeypatch, zipped(CONTENT | USERS | {"ml-1m/README": "licence"}))
    return server


def put(server: Server, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Let the server send this as ml-1m, and let its checksum be the known one."""
    server.files["/ml-1m.zip"] = content
    archive = module.ARCHIVES["ml-1m"]
    known = Archive(md5(content), archive.needed, archive.extra)
    monkeypatch.setitem(module.ARCHIVES, "ml-1m", known)


def get(server: Server, folder: Path, name: str = "ml-1m") -> list[Path]:
    return fetch(name, folder, progress=False, base_url=server.url)


def assert_refused(server: Server, folder: Path, *parts: str) -> None:
    """A failed fetch says why and what to do by hand, and leaves no file."""
    with pytest.raises(InputError) as caught:
        get(server, folder)
    for part in ("ml-1m", *parts, "by hand", "ratings.dat, movies.dat, users.dat", str(folder)):
        assert part in str(caught.value)
    assert not list(folder.iterdir())


def test_the_files_are_put_into_the_folder(serve: Server, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "01_raw"
    files = get(serve, folder)
    assert [file.name for file in files] == ["ratings.dat", "movies.dat", "users.dat", "README"]
    assert files[0].read_text() == "1::2::3::4\n"
    assert sorted(folder.iterdir()) == sorted(files)


def test_a_second_fetch_does_nothing(serve: Server, tmp_path: Path) -> None:
    first = get(serve, tmp_path)
    asked = len(serve.requests)
    assert get(serve, tmp_path) == first
    assert len(serve.requests) == asked


def test_a_missing_file_is_fetched_again(serve: Server, tmp_path: Path) -> None:
    get(serve, tmp_path)[0].unlink()
    assert get(serve, tmp_path)[0].exists()


def test_what_a_killed_run_left_is_removed(serve: Server, tmp_path: Path) -> None:
    left = tmp_path / module.WORKING_FOLDER
    (left / "files").mkdir(parents=True)
    (left / "ml-1m.zip").write_bytes(b"half")
    get(serve, tmp_path)
    assert not left.exists()


def test_an_unknown_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'ml-2m'.*accepted: ml-100k, ml-1m"):
        fetch("ml-2m", tmp_path)


def test_a_truncated_download_leaves_nothing_and_can_be_repeated(
    serve: Server, tmp_path: Path
) -> None:
    serve.truncated = True
    assert_refused(serve, tmp_path, "/ml-1m.zip cannot be downloaded")
    serve.truncated = False
    assert len(get(serve, tmp_path)) == 4


def test_a_wrong_checksum_is_refused(serve: Server, tmp_path: Path) -> None:
    serve.files["/ml-1m.zip"] = zipped({"ml-1m/ratings.dat": "other"})
    assert_refused(serve, tmp_path, "not the known file", module.ARCHIVES["ml-1m"].md5 or "")


def test_a_missing_page_is_refused(server: Server, tmp_path: Path) -> None:
    assert_refused(server, tmp_path, "404")


def test_no_server_is_refused(serve: Server, tmp_path: Path) -> None:
    serve.url = "http://127.0.0.1:1"
    assert_refused(serve, tmp_path, "refused")


def test_a_damaged_archive_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, monkeypatch, b"no zip file")
    assert_refused(server, tmp_path, "ml-1m.zip is damaged")


def test_an_archive_without_a_file_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(server, monkeypatch, zipped(CONTENT))
    assert_refused(server, tmp_path, "ml-1m.zip is damaged", "no item named 'ml-1m/users.dat'")


def test_paths_out_of_the_folder_are_left_alone(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = {"../evil": "x", "/tmp/evil": "x", "ml-1m/../../ratings.dat": "x", "ml-1m/other": "x"}
    put(server, monkeypatch, zipped(CONTENT | USERS | evil))
    folder = tmp_path / "a" / "b"
    get(server, folder)
    assert sorted(file.name for file in folder.iterdir()) == [
        "movies.dat",
        "ratings.dat",
        "users.dat",
    ]
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()].count("ratings.dat") == 1
    assert not list(tmp_path.rglob("evil"))


def test_a_link_in_an_archive_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffer = io.BytesIO(zipped(CONTENT))
    with zipfile.ZipFile(buffer, "a") as archive:
        link = zipfile.ZipInfo("ml-1m/users.dat")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "../../secret")
    put(server, monkeypatch, buffer.getvalue())
    assert_refused(server, tmp_path, "ml-1m/users.dat is not a plain file")


def test_a_file_that_unpacks_too_large_is_refused(
    serve: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_MEMBER_BYTES", 5)
    assert_refused(serve, tmp_path, "ml-1m/ratings.dat has 11 bytes", "up to 5")


def test_a_full_disk_is_named(
    serve: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", no_space)
    with pytest.raises(InputError, match=r"ml-1m: cannot write into .*No space left on device"):
        get(serve, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_named(serve: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"ml-1m: cannot write into .*file"):
        get(serve, tmp_path / "file")


class TestLatest:
    """ml-latest changes, so its checksum is fetched with it."""

    files = zipped({f"ml-latest/{name}.csv": name for name in ("ratings", "movies", "tags")})

    def test_it_is_checked_against_the_published_checksum(
        self, server: Server, tmp_path: Path
    ) -> None:
        server.files = {
            "/ml-latest.zip": self.files,
            "/ml-latest.zip.md5": f"MD5 (ml-latest.zip) = {md5(self.files)}\n".encode(),
        }
        assert len(get(server, tmp_path, "ml-latest")) == 3

    @pytest.mark.parametrize(
        ("published", "message"),
        [
            (b"0" * 32 + b"  ml-latest.zip\n", "not the known file"),
            (b"<html>moved</html>", "holds no md5 checksum"),
        ],
    )
    def test_another_checksum_is_refused(
        self, server: Server, tmp_path: Path, published: bytes, message: str
    ) -> None:
        server.files = {"/ml-latest.zip": self.files, "/ml-latest.zip.md5": published}
        with pytest.raises(InputError, match=message):
            get(server, tmp_path, "ml-latest")
        assert not list(tmp_path.iterdir())


class TestCopyInsideRecbole:
    """ml-100k without GroupLens."""

    wheel = zipped({f"{module.RECBOLE_FOLDER}/{name}": text for name, text in RECBOLE.items()})

    def pip(
        self, monkeypatch: pytest.MonkeyPatch, returncode: int = 0, stderr: str = ""
    ) -> list[list[str]]:
        """Let pip put the wheel into its folder; what it was called with is returned."""
        calls: list[list[str]] = []

        def run(command: list[str]) -> subprocess.CompletedProcess[str]:
            calls.append(command)
            if returncode == 0:
                target = Path(command[-1])
                target.mkdir()
                (target / "recbole-1.2.1-py3-none-any.whl").write_bytes(self.wheel)
            return subprocess.CompletedProcess(command, returncode, "", stderr)

        monkeypatch.setattr(module, "run_command", run)
        return calls

    def test_it_is_written_in_the_format_of_grouplens(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = self.pip(monkeypatch)
        digest = hashlib.sha256(self.wheel).hexdigest()
        monkeypatch.setattr(module, "RECBOLE_SHA256", digest)
        files = get(server, tmp_path, "ml-100k")
        assert [file.name for file in files] == [
            *("u.data", "u.item", "u.user", "ml-100k.kg", "ml-100k.link")
        ]
        assert calls[0][1:5] == ["-m", "pip", "download", "recbole==1.2.1"]
        assert sorted(tmp_path.iterdir()) == sorted(files)

    def test_another_wheel_is_refused(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.pip(monkeypatch)
        with pytest.raises(InputError, match=r"404.*recbole==1\.2\.1.*not the known file.*by hand"):
            get(server, tmp_path, "ml-100k")
        assert not list(tmp_path.iterdir())

    def test_no_pip_is_named(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.pip(monkeypatch, returncode=1, stderr="python: No module named pip\n")
        with pytest.raises(InputError, match=r"404.*No module named pip.*by hand"):
            get(server, tmp_path, "ml-100k")

    def test_a_wrong_checksum_of_grouplens_is_no_reason_to_look_elsewhere(
        self, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        calls = self.pip(monkeypatch)
        server.files["/ml-100k.zip"] = b"other"
        with pytest.raises(InputError, match="not the known file"):
            get(server, tmp_path, "ml-100k")
        assert calls == []


def test_recbole_is_converted_line_by_line(tmp_path: Path) -> None:
    source, target = tmp_path / "from", tmp_path / "to"
    source.mkdir()
    target.mkdir()
    for name, text in RECBOLE.items():
        (source / name).write_text(text, encoding="utf-8")
    convert_recbole(source, target)
    assert (target / "u.data").read_text() == "7\t1\t3\t8\n"
    assert (target / "u.user").read_text() == "7|24|M|writer|85711\n"
    assert (target / "u.item").read_text(encoding="latin-1").splitlines() == [
        "1|Misérables, Les (1995)||||0|0|0|0|0|0|0|0|1|0|0|0|1|0|0|0|0|0|0",
        "267|unknown||||1|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0|0",
        "1412|Land Before Time III (1995) (V)||||0|0|0|1|1|0|0|0|0|0|0|0|0|0|0|0|0|0|0",
    ]


def test_a_program_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PIP_TIMEOUT_S", 0.05)
    with pytest.raises(InputError, match="pip took more than"):
        module.run_command(["sleep", "5"])
