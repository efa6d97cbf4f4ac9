<?php
// Makes a session that is logged in, for the page of the visitor. Answers with JSON.

/** Who the visitor is: in a real application by its own log-in (docs/attach.md), never by what the browser says. */
function visitor(): array
{
    return ['jid' => getenv('XMPP_JID'), 'password' => getenv('XMPP_PASSWORD')];
}

// A page of another site must not make sessions.
if ($_SERVER['REQUEST_METHOD'] !== 'POST' || ($_SERVER['HTTP_SEC_FETCH_SITE'] ?? '') !== 'same-origin') {
    http_response_code(403);
    exit;
}

$headers = "Content-Type: application/json\r\n";
if (getenv('BOSHD_SECRET')) {
    $headers .= 'Authorization: Bearer ' . getenv('BOSHD_SECRET') . "\r\n";
}
$answer = @file_get_contents(getenv('BOSHD') ?: 'http://127.0.0.1:5279/prebind', false, stream_context_create([
    'http' => ['method' => 'POST', 'header' => $headers, 'content' => json_encode(visitor()), 'timeout' => 35],
]));
if ($answer === false) {
    error_log('no session: ' . ($http_response_header[0] ?? 'boshd does not answer'));
    http_response_code(503);
    exit;
}

$session = json_decode($answer, true);
if (isset($session['cookie'])) {
    header('Set-Cookie: ' . $session['cookie'], false);
}
header('Content-Type: application/json');
header('Cache-Control: no-store');
echo json_encode(['jid' => $session['jid'], 'sid' => $session['sid'], 'rid' => $session['rid']]);
