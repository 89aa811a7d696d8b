#!/bin/sh
# Calls a connection's service through Latchkey, which puts the token in: call.sh CONNECTION PATH
# The key may call and nothing else: latchkey key create report --scope proxy:call > report.key
set -eu
curl -sS --fail-with-body -H "Authorization: Bearer $LATCHKEY_KEY" "$LATCHKEY_URL/api/v1/proxy/$1$2"
