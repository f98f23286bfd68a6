"""A certificate for servers of tests, signed by itself."""

import ssl
import subprocess


def certificate(folder):
    """(certificate, key) of 127.0.0.1 and localhost."""
    folder.mkdir(exist_ok=True)
    files = folder / "tls.crt", folder / "tls.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-out", files[0], "-keyout", files[1]],
                   check=True, capture_output=True)
    return files


def server_context(folder):
    """(the certificate's file, which clients trust; the context of a server)."""
    ca_file, key = certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca_file, key)
    return ca_file, context
