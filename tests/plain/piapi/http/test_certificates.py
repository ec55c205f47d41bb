"""Whom the add-on trusts: a real server with TLS, and an authority made for the test."""

import os
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import helpers
import pytest
from service import KEY
from systems import CERTIFICATES, stop_listening

from trellis_blender.piapi import errors
from trellis_blender.piapi.client import Client
from trellis_blender.piapi.http import certificates
from trellis_blender.piapi.service import Service

ANSWER = b'{"data": {"account_name": "Ada", "plan": "creator"}}'
ELSEWHERE = "api.example.invalid"


@pytest.fixture(scope="module")
def authority() -> Path:
    """A folder with an authority nobody knows, `ca.pem`, and a server's certificate by it."""
    return CERTIFICATES


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system's store is read once in a Blender's life."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    certificates.trusting.cache_clear()
    yield
    certificates.trusting.cache_clear()


@contextmanager
def serving(authority: Path, *, as_proxy: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A server with TLS that answers every request with an account; its port, and what it was asked.

    `as_proxy`: it takes a CONNECT first, and then speaks as if it were the server behind it.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority / "server.pem", authority / "server.key")
    received: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            if as_proxy:
                received.append(connection.recv(65536))
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with context.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(65536))
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(ANSWER)}\r\nConnection: close\r\n\r\n"
                secure.sendall(head.encode() + ANSWER)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], received
        stop_listening(listener)


@contextmanager
def secure_proxy(server: int, certificate: str) -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that is spoken to over TLS, and whatever it is asked for leads to the port `server`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem", CERTIFICATES / f"{certificate}.key")
    received: list[bytes] = []

    def lead(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            received.append(secure.recv(65536))
            with socket.create_connection(("127.0.0.1", server)) as onward:
                secure.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(target=pass_on, args=(onward, secure), daemon=True).start()
                pass_on(secure, onward)

    def pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while content := source.recv(65536):
                target.sendall(content)

    with helpers.serving(lead) as port:
        yield port, received


def name_at(url: str) -> str:
    client = Client(Service(url, KEY), pause=lambda seconds: None)
    try:
        return client.get_account().name
    finally:
        client.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_authority_that_the_system_trusts_is_trusted(
    authority: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """Guards `load_default_certs` in certificates.trusting, and that Secure.connect uses the context."""
    with serving(authority) as (port, received):
        with pytest.raises(errors.CertificateRefused):
            name_at(f"https://{host}:{port}")
        assert not any(KEY.encode() in part for part in received)
        certificates.trusting.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
        assert name_at(f"https://{host}:{port}") == "Ada"


def test_behind_a_proxy_as_well(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(authority, as_proxy=True) as (port, received):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(errors.CertificateRefused):
            name_at(f"https://{ELSEWHERE}")
        assert not any(KEY.encode() in part for part in received)
        certificates.trusting.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
        assert name_at(f"https://{ELSEWHERE}") == "Ada"
        assert f"CONNECT {ELSEWHERE}:443".encode() in received[0]


def test_a_certificate_for_another_name_is_refused(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority / "ca.pem"))
    with serving(authority, as_proxy=True) as (port, received):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with pytest.raises(errors.CertificateRefused):
            name_at("https://another.example.invalid")
        assert not any(KEY.encode() in part for part in received)


@pytest.mark.parametrize("proxy", ["localhost", "127.0.0.1"])
def test_a_proxy_that_is_spoken_to_over_tls(proxy: str, authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "ca.pem"))
    with serving(authority) as (server, received), secure_proxy(server, "server") as (port, led):
        monkeypatch.setenv("HTTPS_PROXY", f"https://{proxy}:{port}")
        assert name_at(f"https://{ELSEWHERE}") == "Ada"
        assert f"CONNECT {ELSEWHERE}:443".encode() in led[0]
        assert KEY.encode() in received[0]


def test_a_proxy_has_to_prove_its_name_as_well(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its certificate is trusted, and is for no number."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "alone.pem"))
    with serving(authority) as (server, received), secure_proxy(server, "alone") as (port, led):
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{port}")
        with pytest.raises(errors.NotSent):
            name_at(f"https://{ELSEWHERE}")
        assert led == received == []


def test_what_requests_brings_is_still_trusted(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards `load_verify_locations(bundle, folder)`: the bundle that requests names, here by its own variable."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "ca.pem"))
    with serving(authority, as_proxy=True) as (port, _):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        assert name_at(f"https://{ELSEWHERE}") == "Ada"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its certificates in a store, not in a file")
def test_a_python_that_does_not_know_the_systems_places(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blender's own Python looks where the system that it was built on had its certificates."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(certificates, "SYSTEM_BUNDLES", (tmp_path / "none", authority / "ca.pem"))
    with serving(authority) as (port, _):
        assert name_at(f"https://127.0.0.1:{port}") == "Ada"


MALFORMED = b"-----BEGIN CERTIFICATE-----\nTm90aGluZyB0aGF0IGlzIG9uZQ==\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_one_malformed_certificate_does_not_take_the_others_away(
    variable: str,
    authority: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(MALFORMED + b"# \xff\n" + (authority / "ca.pem").read_bytes() + MALFORMED)
    monkeypatch.setenv(variable, str(bundle))
    with serving(authority) as (port, _):
        assert name_at(f"https://127.0.0.1:{port}") == "Ada"
    assert "2 certificates are malformed and are left out, 1 are taken" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has its certificates in a store, not in a file")
def test_one_malformed_certificate_in_the_systems_bundle_does_not_either(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(MALFORMED + (authority / "ca.pem").read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    monkeypatch.setattr(certificates, "SYSTEM_BUNDLES", (bundle,))
    with serving(authority) as (port, _):
        assert name_at(f"https://127.0.0.1:{port}") == "Ada"


@pytest.mark.skipif(sys.platform != "win32", reason="Windows alone has such a store")
def test_on_windows_the_store_is_trusted_and_no_folder_of_the_current_drive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    certificates._load_system(context)
    in_store = {found[0] for store in certificates.WINDOWS_STORES for found in ssl.enum_certificates(store)}
    assert in_store
    loaded = context.get_ca_certs(binary_form=True)
    assert set(loaded) <= in_store
    asked: list[object] = []
    monkeypatch.setattr(ssl.SSLContext, "set_default_verify_paths", asked.append)
    certificates._load_system(context)
    assert not asked


def test_a_context_is_made_once() -> None:
    import requests.certs

    bundle = requests.certs.where()
    assert certificates.trusting(bundle, None) is certificates.trusting(bundle, None)
    assert certificates.trusting(bundle, None).cert_store_stats()["x509_ca"] > 50


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_moment_without_room_for_files_is_not_remembered(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guards that a context is kept only where its certificates could be read."""
    import resource

    monkeypatch.setattr("certifi.where", lambda: str(authority / "ca.pem"))
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    opened = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (opened[0] + 1, before[1]))
    try:
        with pytest.raises(OSError, match="open files"):
            certificates.trusted()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        os.close(opened[0])
    with serving(authority) as (port, _):
        client = Client(Service(f"https://127.0.0.1:{port}", KEY))
        assert client.get_account().name == "Ada"
        client.close()


def test_a_context_that_trusts_nobody_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "_load_system", lambda context: None)
    with pytest.raises(OSError, match="there are no certificates in"):
        certificates.trusting(str(tmp_path / "gone.pem"), "")


def test_a_bundle_of_some_size_is_read_and_a_larger_one_is_not(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = (authority / "ca.pem").read_bytes()
    monkeypatch.setattr(certificates, "BUNDLE_LIMIT_BYTES", len(certificate))
    bundle = tmp_path / "company.pem"
    bundle.write_bytes(certificate)
    assert certificates.trusting(str(bundle), "CURL_CA_BUNDLE").cert_store_stats()["x509_ca"] > 0
    certificates.trusting.cache_clear()
    bundle.write_bytes(certificate + b"\n")
    with pytest.raises(errors.CertificatesUnreadable) as caught:
        certificates.trusting(str(bundle), "CURL_CA_BUNDLE")
    assert str(caught.value).startswith(
        f"There are no certificates that can be read in {bundle} (from CURL_CA_BUNDLE). Correct the variable"
    )


def test_the_first_variable_that_names_a_bundle_counts(
    authority: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.setenv("CURL_CA_BUNDLE", str(tmp_path / "gone"))
    with pytest.raises(errors.CertificatesUnreadable, match=r"gone \(from CURL_CA_BUNDLE\)"):
        certificates.trusted()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority / "ca.pem"))
    with serving(authority) as (port, _):
        assert name_at(f"https://127.0.0.1:{port}") == "Ada"


def test_certificates_may_be_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is looked for there when it is needed: none has to be there now."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert certificates.trusted().verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("checks_names", [False, True])
def test_whatever_a_context_is_for_it_wants_a_certificate(authority: Path, *, checks_names: bool) -> None:
    context = certificates.trusting(str(authority / "ca.pem"), "", checks_names=checks_names)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname or not checks_names
