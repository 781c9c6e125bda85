# shellcheck shell=sh
# obo token: an access token for curl, which reads it from a pipe, so that it stands in no argument list.
# shellcheck disable=SC2016,SC2034,SC2154 # jq's variables, and what it shares with obo
# Sourced by obo.

token_usage() {
  cat <<'END'
usage: obo token [--show] [NAME=TEXT | NAME:=JSON | NAME=@FILE | NAME=@-]...

Prints one line, a configuration of curl with the access token of a user:

  header = "Authorization: Bearer ..."

Whoever has the token is the user until it ends, so pass it on in a pipe, and send it to the fusionUrl of its profile
and to nobody else: curl is not bound to it. Without --location curl follows no redirect; leave it so. `obo callApi`
does all this by itself and gives no token out.

Parameters are those of getToken: profile and subject (else ONBEHALF_PROFILE and ONBEHALF_SUBJECT), scope, minTtlSeconds
(obo getToken --help). To a terminal a token is printed with --show only.

exit status: 0; 1 when there is no token, with kind and hint; 2 for wrong usage, a terminal without --show among it

  obo token profile=dev5 subject=curtis.feitty scope="$SCOPE" | curl -K - "$POD/hcmRestApi/resources/latest/workers"
END
}

# What stands between the quotes must not end them, nor the line.
header_line='.accessToken | if test("\\A[A-Za-z0-9._~+/=-]+\\z") then "header = \"Authorization: Bearer \(.)\""
  else "obo: The token has characters that a token may not have.\n" | halt_error(1) end'

token() {
  show=
  case ${1:-} in --show) show=yes; shift ;; esac
  if [ -t 1 ] && [ -z "$show" ]; then wrong "whoever sees a token is the user: pass it to curl -K -, or say --show"; fi
  gather "$@"
  request=$(request_of_command getToken)
  printf '%s\n' "$request" | run_sidecar | print_outcome "$header_line" --raw-output
}
