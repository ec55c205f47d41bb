#!/usr/bin/env bash
# Makes what lies here: an authority, and two certificates by it for this computer and for ELSEWHERE of
# test_certificates.py, of which one has expired; and one that nobody has signed. Nobody but the tests trusts any of it.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/ca.cnf" <<'SETTINGS'
[ca]
default_ca = tests
[tests]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = server
unique_subject = no
[any]
commonName = supplied
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[server]
subjectAltName = IP:127.0.0.1,DNS:localhost,DNS:api.example.invalid
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
SETTINGS
touch "$work/index.txt"
here=$PWD
cd "$work"
request() { openssl req -newkey rsa:2048 -nodes -subj "/CN=$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null; }
sign() { openssl ca -batch -notext -config ca.cnf -keyfile ca.key -startdate 20200101000000Z "$@" 2>/dev/null; }
request ca "Test CA"
request server test
request alone localhost
sign -selfsign -extensions authority -enddate 21200101000000Z -in ca.csr -out ca.pem
sign -cert ca.pem -enddate 21200101000000Z -in server.csr -out server.pem
sign -cert ca.pem -enddate 20200201000000Z -in server.csr -out expired.pem
openssl x509 -req -in alone.csr -signkey alone.key -days 36500 -out alone.pem 2>/dev/null
cp ca.pem server.pem server.key expired.pem alone.pem alone.key "$here"
