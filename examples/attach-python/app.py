"""A web application whose page chats as its visitor, without a password in it.

Plain WSGI, so it runs under any WSGI server, and make_session() fits into a view of Django or Flask.
To try it: python3 app.py
"""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from wsgiref.simple_server import make_server

FILES = {
    "/": ("chat.html", "text/html"),
    "/chat.js": ("chat.js", "text/javascript"),
    "/boshd-client.js": ("boshd-client.js", "text/javascript"),
}


def visitor():
    """Who the visitor is: in a real application by its own log-in (docs/attach.md), never by what the browser says."""
    return {"jid": os.environ["XMPP_JID"], "password": os.environ["XMPP_PASSWORD"]}


def make_session(order):
    """Has boshd make a session and log it in. Raises urllib.error.URLError."""
    headers = {"Content-Type": "application/json"}
    if "BOSHD_SECRET" in os.environ:
        headers["Authorization"] = "Bearer " + os.environ["BOSHD_SECRET"]
    url = os.environ.get("BOSHD", "http://127.0.0.1:5279/prebind")
    request = urllib.request.Request(url, json.dumps(order).encode(), headers)
    with urllib.request.urlopen(request, timeout=35) as response:
        return json.load(response)


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if environ["REQUEST_METHOD"] == "POST" and path == "/chat-session":
        return chat_session(environ, start_response)
    if path not in FILES:
        start_response("404 Not Found", [])
        return []
    name, content_type = FILES[path]
    start_response("200 OK", [("Content-Type", content_type)])
    return [(Path(__file__).parent / name).read_bytes()]


def chat_session(environ, start_response):
    # A page of another site must not make sessions.
    if environ.get("HTTP_SEC_FETCH_SITE") != "same-origin":
        start_response("403 Forbidden", [])
        return []
    try:
        session = make_session(visitor())
    except urllib.error.URLError as error:
        environ["wsgi.errors"].write(f"no session: {error}\n")
        start_response("503 Service Unavailable", [])
        return []
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    if "cookie" in session:
        headers.append(("Set-Cookie", session["cookie"]))
    start_response("200 OK", headers)
    return [json.dumps({key: session[key] for key in ("jid", "sid", "rid")}).encode()]


if __name__ == "__main__":
    with make_server("127.0.0.1", int(os.environ.get("PORT", "3000")), application) as server:
        server.serve_forever()
