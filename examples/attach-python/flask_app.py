"""The same as app.py, with Flask, which a WSGI server runs as flask_app:app.

To try it: python3 flask_app.py
"""

import os
import urllib.error

from app import make_session, visitor
from flask import Flask, jsonify, request, send_from_directory

app = Flask(__name__)


@app.post("/chat-session")
def chat_session():
    # A page of another site must not make sessions.
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        return "", 403
    try:
        session = make_session(visitor())
    except urllib.error.URLError as error:
        app.logger.error("no session: %s", error)
        return "", 503
    response = jsonify({key: session[key] for key in ("jid", "sid", "rid")})
    response.headers["Cache-Control"] = "no-store"
    if "cookie" in session:
        response.headers["Set-Cookie"] = session["cookie"]
    return response


@app.get("/")
def page():
    return send_from_directory(app.root_path, "chat.html")


@app.get("/<any('chat.js', 'boshd-client.js'):name>")
def script(name):
    return send_from_directory(app.root_path, name)


if __name__ == "__main__":
    app.run("127.0.0.1", int(os.environ.get("PORT", "3000")))
