"""A server that speaks PostgreSQL's protocol as far as a test wants it to."""

import socket
import struct
import threading
from collections.abc import Callable

# The first message of a connection that asks for encryption instead.
_ENCRYPTION = {80877103, 80877104}


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


def error(state: str, text: str, severity: str = "ERROR") -> bytes:
    """An ErrorResponse."""
    fields = {"S": severity, "V": severity, "C": state, "M": text}
    body = b"".join(k.encode() + v.encode() + b"\0" for k, v in fields.items())
    return message(b"E", body + b"\0")


READY = message(b"Z", b"I")


def row(**columns: str | None) -> bytes:
    """The result of a query with one row of text, up to ReadyForQuery."""
    described = struct.pack("!H", len(columns))
    values = struct.pack("!H", len(columns))
    for name, value in columns.items():
        described += name.encode() + b"\0" + struct.pack("!IHIhih", 0, 0, 25, -1, -1, 0)
        if value is None:
            values += struct.pack("!i", -1)
        else:
            values += struct.pack("!i", len(value)) + value.encode()
    return (
        message(b"T", described) + message(b"D", values) + message(b"C", b"SELECT 1\0") + READY
    )


IDENTIFIED = row(systemid="1", timeline="1", xlogpos="0/100", dbname="postgres")


class FakePostgres:
    """Answers each connection as told.

    At the start of a connection answer(None) is asked for, and for each command
    answer(command); bytes are sent, None is silence from then on.
    """

    def __init__(self, answer: Callable[[str | None], bytes | None]) -> None:
        self._answer = answer
        self.commands: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def close(self) -> None:
        self._listener.close()
        for client in self._open:
            client.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            while int.from_bytes(_read(client, _length(client))[:4], "big") in _ENCRYPTION:
                client.sendall(b"N")
            self._say(client, self._answer(None))
            while _read(client, 1) == b"Q":
                command = _read(client, _length(client)).rstrip(b"\0").decode()
                self.commands.append(command)
                self._say(client, self._answer(command))
        except OSError:
            client.close()

    def _say(self, client: socket.socket, answer: bytes | None) -> None:
        """Sends an answer; without one nothing more is said on the connection."""
        while answer is None:
            _read(client, 1)
        client.sendall(answer)
        if answer.startswith(b"E") and b"FATAL" in answer:
            raise OSError


WELCOME = (
    message(b"R", struct.pack("!I", 0))
    + message(b"S", b"server_version\x0015.0\0")
    + message(b"K", struct.pack("!II", 4711, 1))
    + READY
)


def _length(client: socket.socket) -> int:
    """What is left of a message behind its length."""
    return struct.unpack("!I", _read(client, 4))[0] - 4


def _read(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = client.recv(count - len(data))
        if not part:
            raise OSError("closed")
        data += part
    return data
