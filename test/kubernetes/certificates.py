"""Certificates as the operators issue them: an authority, a server's, a client's."""

from pathlib import Path

from harness.process import run


class Authority:
    """A certificate authority in a folder; all files are PEM."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.certificate = folder / "ca.crt"
        self._key = folder / "ca.key"
        run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
             "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", str(self._key),
             "-out", str(self.certificate)]
        )  # fmt: skip

    def issue(self, name: str, *alternatives: str) -> tuple[Path, Path]:
        """Issues a certificate for a name (CN) and others, such as IP:127.0.0.1; returns the
        files of certificate and key."""
        certificate, key = (self._folder / f"{name}.{kind}" for kind in ("crt", "key"))
        request, extensions = (self._folder / f"{name}.{kind}" for kind in ("csr", "ext"))
        names = ",".join(alternatives or [f"DNS:{name}"])
        extensions.write_text(f"subjectAltName={names}\n")
        run(
            ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(request)]
        )  # fmt: skip
        run(
            ["openssl", "x509", "-req", "-in", str(request), "-CA", str(self.certificate),
             "-CAkey", str(self._key), "-CAcreateserial", "-days", "2",
             "-extfile", str(extensions), "-out", str(certificate)]
        )  # fmt: skip
        return certificate, key
