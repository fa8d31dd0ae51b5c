"""What the tests of the data modules share: a clean environment, idx files, a file server."""

import gzip
import io
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No switch, no mirror, no proxy, and an empty cache of the test's own; returns it."""
    monkeypatch.delenv("CNNHISTORY_SCALE", raising=False)
    monkeypatch.delenv("CNNHISTORY_DATA", raising=False)
    monkeypatch.setenv("CNNHISTORY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "*")
    return tmp_path / "cache"


@pytest.fixture
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """Writes an array in the idx format."""

    def make(array: np.ndarray) -> bytes:
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()

    return make


@pytest.fixture
def mnist_files(
    idx_bytes: Callable[[np.ndarray], bytes],
) -> Callable[[int, int], dict[str, bytes]]:
    """Generated idx files by name: random images, labels 0 to 9 in turn."""

    def make(train: int, test: int) -> dict[str, bytes]:
        rng = np.random.default_rng(0)
        files = {}
        for prefix, size in (("train", train), ("t10k", test)):
            images = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
            files[f"{prefix}-images-idx3-ubyte"] = idx_bytes(images)
            files[f"{prefix}-labels-idx1-ubyte"] = idx_bytes(np.arange(size) % 10)
        return files

    return make


@pytest.fixture
def mirror(
    mnist_files: Callable[[int, int], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[[int, int], Path]:
    """Writes generated idx files, half of them gzipped, and points CNNHISTORY_DATA there."""

    def make(train: int, test: int) -> Path:
        folder = tmp_path / "mirror" / "mnist"
        folder.mkdir(parents=True)
        for k, (name, data) in enumerate(mnist_files(train, test).items()):
            if k % 2:
                (folder / f"{name}.gz").write_bytes(gzip.compress(data, 1))
            else:
                (folder / name).write_bytes(data)
        monkeypatch.setenv("CNNHISTORY_DATA", str(tmp_path / "mirror"))
        return folder

    return make


def cifar10_records(count: int, seed: int) -> np.ndarray:
    """Random images in the author's format: a label, 0 to 9 in turn, and 3,072 bytes each."""
    table = np.random.default_rng(seed).integers(0, 256, (count, 3073), dtype=np.uint8)
    table[:, 0] = np.arange(count) % 10
    return table


def cifar10_archive(batches: list[bytes], extra: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """A packed archive of the batches, which get the names that the author's have, in turn."""
    names = [*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, content in [*zip(names, batches, strict=False), *extra]:
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def cifar10_batches() -> list[bytes]:
    """Five batches for training and one for test, 20 images each."""
    return [cifar10_records(20, seed).tobytes() for seed in range(6)]


@pytest.fixture
def archive() -> Callable[..., bytes]:
    """Packs batches as the author of CIFAR-10 does."""
    return cifar10_archive


@pytest.fixture
def cifar10_root(tmp_path: Path, cifar10_batches: list[bytes]) -> Path:
    """A folder with a folder `cifar10` that holds a generated archive."""
    folder = tmp_path / "named" / "cifar10"
    folder.mkdir(parents=True)
    (folder / "cifar-10-binary.tar.gz").write_bytes(cifar10_archive(cifar10_batches))
    return folder.parent


@pytest.fixture
def server() -> Iterator[SimpleNamespace]:
    """A file server on this machine.

    `files` maps a path to its bytes, `asked` lists the paths asked for, `starts` from which byte
    on; `cut` holds paths whose answer breaks off half-way, `whole` says that it always sends all,
    and `gate` and `middle`, where set, are waited for before an answer and half-way through it.
    """
    state = SimpleNamespace(
        files={}, asked=[], starts=[], cut=set(), whole=False, gate=None, middle=None
    )

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            begin = int((self.headers["Range"] or "bytes=0-")[6:-1])
            state.starts.append(begin)
            if state.gate is not None:
                state.gate.wait(60)
            data = state.files.get(self.path)
            if data is None:
                self.send_error(404)
                return
            if begin and not state.whole:
                self.send_response(206)
                said = f"bytes {begin}-{len(data) - 1}/{len(data)}"
                self.send_header("Content-Range", said)
                data = data[begin:]
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            half = len(data) // 2
            with suppress(OSError):  # the reader was killed
                self.wfile.write(data[:half])
                if state.middle is not None:
                    state.middle.wait(60)
                if self.path not in state.cut:
                    self.wfile.write(data[half:])

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        state.url = f"http://127.0.0.1:{httpd.server_port}/"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        httpd.shutdown()
        thread.join()
