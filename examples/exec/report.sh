#!/bin/sh
# Knows nothing of Latchkey; it reads a token from its environment: latchkey exec CONNECTION -- ./report.sh URL
set -eu
curl -sS --fail-with-body -H "Authorization: Bearer $LATCHKEY_TOKEN" "$1"
