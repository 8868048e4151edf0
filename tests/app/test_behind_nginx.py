"""The app behind a proxy: nginx, configured as the documentation has it, where it is installed."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from explainable_recsys.app.access import Access
from explainable_recsys.app.held import Held
from explainable_recsys.app.operations import Operations
from explainable_recsys.app.serve import Options, configured
from explainable_recsys.app.service import open_service
from explainable_recsys.app.web import create_app
from tests.conftest import PROJECT, open_catalog

CONFIGURATION = PROJECT / "docs" / "nginx.conf"
TOKEN = "the-token"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until_it_listens(port: int) -> None:
    for _ in range(100):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens at {port}")


@pytest.fixture(scope="module")
def proxy(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if nginx is None:
        pytest.skip("nginx is not installed")
    folder, app_port, port = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    with open_catalog(full_run) as catalog:
        held = Held(lambda: open_service(catalog, ("intrinsic_als",)))
    app = Operations(create_app(held), Access(TOKEN))
    options = Options(root_path="/films", is_behind_proxy=True)
    server = uvicorn.Server(configured(app, options, port=app_port))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    text = CONFIGURATION.read_text(encoding="utf-8").replace(
        "127.0.0.1:8000", f"127.0.0.1:{app_port}"
    )
    text = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", text)
    text = re.sub(r"\s+ssl_certificate\S* .*;", "", text)
    text = text.replace("X-Forwarded-Proto $scheme", "X-Forwarded-Proto https")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}"
    (folder / "nginx.conf").write_text(f"{main} http {{ access_log off; {temporary} {text} }}")
    process = subprocess.Popen(
        [nginx, "-p", str(folder), "-c", "nginx.conf", "-e", str(folder / "error.log")]
    )
    try:
        until_it_listens(app_port)
        until_it_listens(port)
        where = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=where, headers={"host": "films.example"}) as client:
            yield client
    finally:
        process.terminate()
        process.wait(10)
        server.should_exit = True
        thread.join(10)
        held.close()


def test_the_app_is_asked_for_a_token_and_knows_where_it_is_shown(proxy: httpx.Client) -> None:
    assert proxy.get("/films/").status_code == 401
    entered = proxy.get(f"/films/?token={TOKEN}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/films/")
    cookie = entered.headers["set-cookie"]
    assert "Path=/films/" in cookie
    assert "Secure" in cookie, "the proxy speaks https"
    shown = {"authorization": f"Bearer {TOKEN}"}
    page = proxy.get("/films/", headers=shown)
    assert page.status_code == 200
    links = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
    assert links
    assert [link for link in links if not link.startswith("/films/")] == []
    for link in {link.partition("?")[0] for link in links if "/static/" in link}:
        assert proxy.get(link).status_code == 200, link


def test_the_api_is_behind_it_too(proxy: httpx.Client) -> None:
    health = proxy.get("/films/api/v1/health")
    assert health.status_code == 200
    assert len(health.headers["x-request-id"]) == 32, "the proxy's"
    refused = proxy.get("/films/api/v1/approaches")
    assert (refused.status_code, refused.headers["content-type"]) == (
        401,
        "application/problem+json",
    )
    large = proxy.post("/films/api/v1/what-if", content=b"0" * 600_000)
    assert large.status_code == 413
