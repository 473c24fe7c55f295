"""tls_server.py FOLDER NAME [CLIENT_CA]: an https server with the certificate FOLDER/NAME.pem.

Answers every GET with the client's name, if a client CA is given, else with "hello". Prints its port;
ends when standard input does.
"""

import http.server
import pathlib
import ssl
import sys
import threading

folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        peer = self.connection.getpeercert()
        body = (peer["subject"][0][0][1] if peer else "hello").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # a client that does not trust us


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
if len(sys.argv) > 3:
    context.verify_mode = ssl.CERT_REQUIRED
    # In TLS 1.3 a client has ended its handshake before it can be refused, and may see a broken connection instead
    # of the reason.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(folder / f"{sys.argv[3]}.pem")
server = Server(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
