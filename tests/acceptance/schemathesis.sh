#!/bin/sh
# Lets Schemathesis (pinned in requirements.txt) hunt for answers that the spec does not know.
#
#   schemathesis.sh BASE_URL [--quick|--long]
#
# Webhooks are not made up: deliveries go to loopback only in tests.
# SCHEMATHESIS names the program when it is not in the path; MACP_TOKEN is sent when set. Doors that never end are left
# out: the stream and the WebSocket have tests of their own.
set -eu

base=${1:?usage: schemathesis.sh BASE_URL [--quick|--long]}
case ${2:---quick} in
    --quick) examples=25 phases=examples,coverage,fuzzing ;;
    --long) examples=500 phases=examples,coverage,fuzzing,stateful ;;
    *) echo "usage: schemathesis.sh BASE_URL [--quick|--long]" >&2; exit 2 ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"  # it keeps its notes in the folder that it runs in

set -- run "$base/openapi.json" --url "$base" \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --exclude-operation-id createWebhook \
    --exclude-path-regex '^(/api/events/stream|/ws|/api/ws)$' \
    --phases "$phases" --max-examples "$examples" --seed 25294 \
    --request-timeout 20 --suppress-health-check all --generation-database none --no-color
if [ -n "${MACP_TOKEN:-}" ]; then set -- "$@" --header "Authorization: Bearer $MACP_TOKEN"; fi
SCHEMATHESIS_HOOKS=openapi_hooks PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 "${SCHEMATHESIS:-schemathesis}" "$@"
