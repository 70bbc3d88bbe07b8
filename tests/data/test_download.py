import hashlib
import http.server
import threading

import pytest

from minigrad.data import download

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
            return
        content = b"something else" if self.path == "/wrong" else CONTENT
        self.send_response(200)
        if self.path != "/unsized":
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:1000] if self.path == "/short" else content)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def at(server, monkeypatch):
    """Return the address of a path on the server."""
    monkeypatch.setenv("no_proxy", "*")
    server.asked.clear()
    return lambda path: f"http://127.0.0.1:{server.server_port}/{path}"


@pytest.fixture
def nobody(monkeypatch):
    """Return an address where nobody listens."""
    monkeypatch.setenv("no_proxy", "*")
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        port = server.server_port
    return f"http://127.0.0.1:{port}/good"


@pytest.mark.parametrize("name", ["good", "unsized", "elsewhere"])
def test_a_file_is_written_into_folders_that_are_made(tmp_path, at, name):
    path = tmp_path / "deep" / "in" / "file.bin"
    assert download(at(name), str(path), SHA256.upper()) == path
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_a_good_file_is_not_downloaded_again(tmp_path, at, server):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    assert download(at("good"), path, SHA256) == path
    assert server.asked == []


def test_a_bad_file_is_replaced_by_a_good_one_only(tmp_path, at):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(OSError, match="could not be had"):
        download(at("wrong"), path, SHA256)
    assert path.read_bytes() == b"old"
    download(at("good"), path, SHA256)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "wrong",
            f"the file there has the SHA-256 {hashlib.sha256(b'something else').hexdigest()}",
        ),
        ("missing", "404"),
        ("short", f"the connection ended after 1000 of {len(CONTENT)} bytes|IncompleteRead"),
    ],
)
def test_a_failure_leaves_nothing_and_tells_why(tmp_path, at, name, reason):
    path = tmp_path / "file.bin"
    with pytest.raises(OSError, match=reason) as caught:
        download(at(name), path, SHA256)
    assert list(tmp_path.iterdir()) == []
    message = str(caught.value)
    for part in ("file.bin", at(name), str(path), SHA256, "Without a network"):
        assert part in message


def test_without_a_network_the_error_explains_itself(tmp_path, nobody):
    with pytest.raises(OSError, match="refused") as caught:
        download(nobody, tmp_path / "file.bin", SHA256)
    assert list(tmp_path.iterdir()) == []
    assert f"put it at {tmp_path / 'file.bin'}" in str(caught.value)


def test_mirrors_are_tried_in_turn(tmp_path, at, nobody, server):
    names = ["missing", "wrong", "short", "good", "unsized"]
    download([nobody, *map(at, names)], tmp_path / "file", SHA256)
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert server.asked == ["/missing", "/wrong", "/short", "/good"]


def test_all_failures_are_told(tmp_path, at, nobody):
    with pytest.raises(OSError, match="404") as caught:
        download([nobody, at("missing"), at("wrong")], tmp_path / "file", SHA256)
    for part in (nobody, at("missing"), at("wrong"), "the file there has the SHA-256"):
        assert part in str(caught.value)


def test_an_interruption_leaves_nothing(tmp_path, at, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("minigrad.data._download._fetch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        download(at("good"), tmp_path / "file", SHA256)
    assert list(tmp_path.iterdir()) == []


def test_without_tqdm(tmp_path, at, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    download(at("good"), tmp_path / "file", SHA256)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_errors_of_the_call(tmp_path):
    with pytest.raises(ValueError, match="sha256 must be 64 hexadecimal digits, got 'abc'"):
        download("http://127.0.0.1/", tmp_path / "file", "abc")
    with pytest.raises(ValueError, match="at least one address"):
        download([], tmp_path / "file", SHA256)
