#!/usr/bin/env bash
# Installs the real programs that the tests start as their own processes: XMPP servers, proxies, a browser,
# a client for terminals.
#
# Safe to run again: when every program is there it looks for them and does nothing else. Needs Debian 12 and root (or
# sudo) when something is missing. No package may start a service of its own here: the tests start what they need, on
# free loopback ports. Ends with 1 and one line for each program that cannot be had; no test is skipped for want of one.
set -euo pipefail

# program on the PATH, or a file : Debian packages that bring it
PROGRAMS=(
  'prosody: prosody lua-sec lua-expat lua-socket lua-filesystem'
  '/usr/lib/prosody/modules/mod_sasl2/mod_sasl2.lua: prosody-modules'
  'ejabberdctl: ejabberd'
  'nginx: nginx'
  '/usr/lib/nginx/modules/ngx_http_geoip2_module.so: libnginx-mod-http-geoip2'
  'haproxy: haproxy'
  'nats-server: nats-server'
  'prometheus: prometheus'
  'apache2: apache2'
  'caddy: caddy'
  'lighttpd: lighttpd'
  'chromium: chromium fonts-dejavu-core'
  'chromium-headless-shell: chromium-headless-shell'
  'openssl: openssl'
  'php: php-cli'
  '/usr/bin/python3: python3'
  '/usr/lib/python3/dist-packages/flask/app.py: python3-flask'
  'systemd-analyze: systemd'
  'docker-compose: docker-compose'
  'finch: finch'
  'tmux: tmux'
  'python3: python3'
)

# Servers live in sbin, which is not on every user's PATH.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

POLICY=/usr/sbin/policy-rc.d
policy_is_ours=no
as_root=()

is_missing() {
  if [[ $1 == /* ]]; then [[ ! -e $1 ]]; else ! command -v "$1" >/dev/null 2>&1; fi
}

forbid_services() {
  # Debian asks this file before a package may start or restart a daemon; 101 means "forbidden by policy".
  if [[ ! -e $POLICY ]]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$POLICY" >/dev/null
    "${as_root[@]}" chmod 755 "$POLICY"
    policy_is_ours=yes
  fi
}

allow_services() {
  if [[ $policy_is_ours == yes ]]; then
    "${as_root[@]}" rm -f "$POLICY"
    policy_is_ours=no
  fi
}

apt() {
  # The lock may be held by the machine's own updates for a while; an interrupted download is tried again.
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y \
    -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 "$@"
}

missing=()
for entry in "${PROGRAMS[@]}"; do
  if is_missing "${entry%%:*}"; then missing+=("$entry"); fi
done
if ((${#missing[@]} == 0)); then exit 0; fi

echo "Test programs to install: ${missing[*]%%:*}"
if is_missing apt-get; then
  for entry in "${missing[@]}"; do
    echo "MISSING ${entry%%:*}: install it by hand (Debian calls it:${entry#*:}); there is no apt-get here." >&2
  done
  exit 1
fi
if ((EUID != 0)); then as_root=(sudo -n); fi

trap allow_services EXIT
forbid_services
apt update || echo 'apt-get update failed; trying with the package lists that are there.' >&2

failed=0
for entry in "${missing[@]}"; do
  program=${entry%%:*}
  read -ra packages <<<"${entry#*:}"
  if ! apt install --no-install-recommends "${packages[@]}" >/dev/null || is_missing "$program"; then
    echo "MISSING $program: apt-get could not install ${packages[*]}." >&2
    failed=1
  fi
done
exit "$failed"
