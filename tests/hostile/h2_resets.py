"""A client of HTTP/2 that is cut off: h2_resets.py PORT COUNT KIND BYTES, one connection after the other, each with one request.

It blocks at each step, so that the reset comes in the very moment in which the server has the last frame: a client of Node's, which
does one thing a turn, does not meet the moment in which node:http2 misses a reset.

KIND: at-once resets the connection some milliseconds behind the request, unread when the reply is there and unread, read when BYTES of it were read.
"""

import select
import socket
import ssl
import struct
import sys
import time

port, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
wanted = int(sys.argv[4])


def frame(kind_, flags, stream, payload):
    """RFC 9113 section 4.1"""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind_, flags, stream) + payload


def field(name, value):
    """RFC 7541 section 6.2.2, without Huffman"""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


HEAD = b"".join(
    field(name, value)
    for name, value in (
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":path", b"/http-bind"),
        (b":authority", b"chat.example.org"),
    )
)
# Streams and the connection may have 20 MB under way.
WINDOW = struct.pack(">I", 20_000_000)
BODY = b"<body rid='1' sid='s' xmlns='http://jabber.org/protocol/httpbind'></body>"
REQUEST = (
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + frame(4, 0, 0, b"\0\x04" + WINDOW)
    + frame(8, 0, 0, WINDOW)
    + frame(1, 4, 1, HEAD)
    + frame(0, 1, 1, BODY)
)

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.set_alpn_protocols(["h2"])

for number in range(count):
    raw = socket.create_connection(("127.0.0.1", port), timeout=30)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    tls = context.wrap_socket(raw)
    tls.sendall(REQUEST)
    if kind == "at-once":
        # Up to 4 ms, or the server would hardly ever read the request that the reset overtakes.
        time.sleep(number % 5 / 1000)
    if kind == "unread":
        select.select([tls], [], [], 30)
    if kind == "read":
        got = 0
        while got < wanted:
            piece = tls.recv(65536)
            if not piece:
                break
            got += len(piece)
    tls.close()
