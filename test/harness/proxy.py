"""A TCP proxy that misbehaves."""

import contextlib
import ctypes
import select
import socket
import struct
import threading
import time
from collections.abc import Callable

# Of linux/bpf_common.h and asm-generic/socket.h.
BPF_RET = 0x06
SO_ATTACH_FILTER = 26


class Proxy:
    """Forwards connections to a port of the loopback address, and on demand
    cuts, stalls, throttles or swallows what goes through them."""

    def __init__(self, target: int, port: int = 0) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", port), backlog=100)
        self.port = self._listener.getsockname()[1]
        self._mode = "pass"
        self._last_words: bytes | None = None
        self._is_last: Callable[[bytes], bool] | None = None
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._dumb: set[tuple[socket.socket, socket.socket]] = set()
        self._disconnected: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self._held = 0
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def set_mode(self, mode: str) -> None:
        """pass; stall: nothing is read; throttle: a few kB a moment; swallow:
        all is read and dropped, new connections as well; hold: what clients
        send is kept, and reaches the server with the next mode, even if the
        client is gone by then."""
        self._mode = mode

    def hold_after(self, text: str) -> None:
        """Forwards what a client sends up to what has this text in it, and holds
        what follows."""
        self._last_words = text.encode()

    def cut_after(self, is_last: Callable[[bytes], bool]) -> None:
        """Resets every connection once, when what a client sends is of this kind:
        that still reaches the server, and no answer to it comes back."""
        self._is_last = is_last

    def held(self) -> int:
        """The bytes that are kept."""
        return self._held

    def cut(self) -> None:
        """Resets every connection."""
        with self._lock:
            pairs, self._pairs = self._pairs | self._disconnected, set()
            self._disconnected = set()
        for pair in pairs:
            _close(pair)

    def disconnect(self) -> None:
        """Lets no more segment of a client in, as if the cable were pulled out: the
        kernel acknowledges nothing (socket(7), SO_ATTACH_FILTER).  With swallow, nothing
        goes out either, nor the end of the server's side.  For the connections that
        there are, until they are cut."""
        drop_all = struct.pack("HBBI", BPF_RET, 0, 0, 0)
        program = ctypes.create_string_buffer(drop_all)
        filter_ = struct.pack("HP", 1, ctypes.addressof(program))
        with self._lock:
            self._disconnected |= self._pairs
            for client, _ in self._pairs:
                client.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, filter_)

    def refuse(self) -> None:
        """Takes no more connections; those that there are go on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def close(self) -> None:
        self._closed = True
        self.refuse()
        self.cut()

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        pair = (client, server)
        with self._lock:
            self._pairs.add(pair)
        threading.Thread(target=self._pump, args=(pair, server, client), daemon=True).start()
        self._pump(pair, client, server)

    def _pump(
        self,
        pair: tuple[socket.socket, socket.socket],
        source: socket.socket,
        sink: socket.socket,
    ) -> None:
        """Forwards one direction; each goes on while the other is stuck."""
        try:
            self._forward(pair, source, sink)
        except (OSError, ValueError):
            pass  # one of them is closed
        finally:
            with self._lock:
                self._pairs.discard(pair)
                self._dumb.discard(pair)
                stays_open = pair in self._disconnected
            if not stays_open:
                _close(pair)

    def _forward(
        self,
        pair: tuple[socket.socket, socket.socket],
        source: socket.socket,
        sink: socket.socket,
    ) -> None:
        client, _ = pair
        while not self._closed:
            if self._mode == "hold" and source is client:
                self._hold(client, sink)
                continue
            if not _is_readable(source, 0.02) or (self._mode == "hold" and source is client):
                continue
            if self._mode == "stall":
                time.sleep(0.02)
                continue
            # What a client that is gone has left behind is lost with it.
            if _is_reset(client):
                return
            throttled = self._mode == "throttle"
            data = source.recv(2048 if throttled else 65536)
            if not data:
                return
            if self._mode == "swallow":
                self._dumb.add(pair)
            if pair in self._dumb:
                continue  # bytes are missing from then on
            if self._last_words and source is client and self._last_words in data:
                self._mode, self._last_words = "hold", None
            if self._is_last and source is client and self._is_last(data):
                self._is_last = None
                self._end_with(data, sink)
                return
            sink.sendall(data)
            if throttled:
                time.sleep(0.01)

    def _end_with(self, data: bytes, server: socket.socket) -> None:
        """Sends this to the server when no client listens any more, and cuts all."""
        with self._lock:
            self._disconnected |= self._pairs
            pairs = list(self._disconnected)
        for client, _ in pairs:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
        server.sendall(data)
        self.cut()

    def _hold(self, client: socket.socket, server: socket.socket) -> None:
        """Keeps what the client sends as long as the mode lasts."""
        kept = bytearray()
        ended = False
        while self._mode == "hold" and not self._closed:
            if ended:
                time.sleep(0.02)
                continue
            if not _is_readable(client, 0.02):
                continue
            data = b""
            with contextlib.suppress(OSError):
                data = client.recv(65536)
            ended = not data
            kept += data
            with self._lock:
                self._held += len(data)
        server.sendall(kept)
        with self._lock:
            self._held -= len(kept)


def _is_readable(end: socket.socket, seconds: float) -> bool:
    poll = select.poll()
    poll.register(end, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _is_reset(end: socket.socket) -> bool:
    poll = select.poll()
    poll.register(end, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


def _close(pair: tuple[socket.socket, socket.socket]) -> None:
    for end in pair:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
