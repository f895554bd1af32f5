"""A mail server: `server.py FOLDER [plain|starttls|tls] [USER PASSWORD]`.

Prints its port, and then, for each message that arrives, a line of JSON: the envelope, and what Python's own parser of
e-mail makes of the message. Writes the certificate that a client has to trust to FOLDER/ca.pem, and its own, which
another server may use as well, to cert.pem and key.pem.
"""
import asyncio
import email
import email.policy
import json
import ssl
import sys

import trustme
from aiosmtpd.controller import UnthreadedController
from aiosmtpd.smtp import AuthResult

folder, mode, *login = sys.argv[1:]
authority = trustme.CA()
authority.cert_pem.write_to_path(f"{folder}/ca.pem")
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
certificate = authority.issue_cert("localhost")
certificate.configure_cert(context)
certificate.private_key_pem.write_to_path(f"{folder}/key.pem")
certificate.cert_chain_pems[0].write_to_path(f"{folder}/cert.pem")


def read(part):
    return {
        "type": part.get_content_type(),
        "charset": part.get_content_charset(),
        "encoding": part["content-transfer-encoding"],
        "text": part.get_content(),
        "defects": [str(defect) for defect in part.defects],
    }


class Handler:
    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        print(json.dumps({
            "sender": envelope.mail_from,
            "recipients": envelope.rcpt_tos,
            "user": session.auth_data.login.decode() if session.auth_data else None,
            "encrypted": session.ssl is not None or mode == "tls",
            "headers": [[name, str(value)] for name, value in message.items()],
            "parts": [read(part) for part in message.walk() if not part.is_multipart()],
            "type": message.get_content_type(),
            "defects": [str(defect) for defect in message.defects],
            "longest_line": max(len(line) for line in raw.split(b"\r\n")),
            "bare_line_ends": raw.replace(b"\r\n", b"").count(b"\r") + raw.replace(b"\r\n", b"").count(b"\n"),
            "is_ascii": raw.isascii(),
        }), flush=True)
        return "250 2.0.0 kept"


def authenticate(server, session, envelope, mechanism, data):
    session.login_data = data
    known = [data.login.decode(), data.password.decode()] == login
    return AuthResult(success=known, handled=False, auth_data=data)


options = {"decode_data": False, "enable_SMTPUTF8": True, "ident": "test"}
if login:
    options |= {"auth_required": True, "authenticator": authenticate, "auth_require_tls": mode == "starttls"}
if mode == "starttls":
    options |= {"tls_context": context, "require_starttls": True}
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
tls = context if mode == "tls" else None
controller = UnthreadedController(Handler(), hostname="127.0.0.1", port=0, loop=loop, ssl_context=tls, **options)
controller.begin()
print(controller.server.sockets[0].getsockname()[1], flush=True)
loop.run_forever()
