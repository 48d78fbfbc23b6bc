"""HTTPS in front of a server of the tests, with a certificate that is valid today and not in another year."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

MONTH = timedelta(days=30)
Key = ec.EllipticCurvePrivateKey


class Https:
    """`url` leads to the server at `port`. The browsers of the home directory `home` trust its certificate while it is valid."""

    def __init__(self, port: int, folder: Path) -> None:
        self.server, self.home = port, folder / "home"
        authority = _certificate(folder)
        _trusted(authority, self.home)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, args=(context,), daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self, context: ssl.SSLContext) -> None:
        while True:
            try:
                raw, _ = self._listening.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(context, raw), daemon=True).start()

    def _serve(self, context: ssl.SSLContext, raw: socket.socket) -> None:
        # Whoever does not trust the certificate hangs up in the middle of the handshake.
        with (
            contextlib.suppress(OSError),
            context.wrap_socket(raw, server_side=True) as client,
            socket.create_connection(("127.0.0.1", self.server)) as inner,
        ):
            back = threading.Thread(target=_pass, args=(inner, client), daemon=True)
            back.start()
            _pass(client, inner)
            back.join()


def _pass(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _certificate(folder: Path) -> Path:
    """Writes `server.pem` and `server.key`; returns the file of the authority that signed it."""
    now = datetime.now(UTC)

    def made(name: str, key: Key, signer: Key, is_authority: bool) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Daftar tests")]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - MONTH)
            .not_valid_after(now + MONTH)
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if not is_authority:
            addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(addresses), critical=False)
        return builder.sign(signer, hashes.SHA256())

    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    authority = folder / "authority.pem"
    authority.write_bytes(made("Daftar tests", keys[0], keys[0], True).public_bytes(serialization.Encoding.PEM))
    (folder / "server.pem").write_bytes(made("127.0.0.1", keys[1], keys[0], False).public_bytes(serialization.Encoding.PEM))
    encoding = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(keys[1].private_bytes(*encoding))
    return authority


def _trusted(authority: Path, home: Path) -> None:
    """Has the browsers of this home trust it: Chromium reads the NSS database there."""
    database = home / ".pki/nssdb"
    database.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "daftar", "-i", str(authority)]):
        subprocess.run(["certutil", "-d", f"sql:{database}", *command], check=True)
