# shellcheck shell=sh
# obo doctor: what works, what does not and what to do, as a table. Sourced by obo.
# shellcheck disable=SC2016,SC2034,SC2154 # jq's variables, and what it shares with obo

doctor_usage() {
  cat <<'END'
usage: obo doctor [NAME=TEXT | NAME:=JSON | NAME=@FILE | NAME=@-]...

Looks at everything that a call needs, from the profile to the agent, and says what to do about what is not well. Read
it from the top: the first FAIL is the one to see to. What each looks at is in protocol/diagnose.md.

Parameters are those of diagnose: profile and subject (else ONBEHALF_PROFILE and ONBEHALF_SUBJECT), agent, online
(obo diagnose --help). Without a user no token is asked for, without an agent none is looked at. No agent is run.

exit status: 0; 1 when a check failed, or there is no answer; 2 for wrong usage

  obo doctor profile=dev5 subject=curtis.feitty agent=PAYABLES_TEAM
END
}

# What the summaries quote comes from other machines too.
table='
  def padded($width): . + " " * ([$width - length, 1] | max);
  (.checks[]
    | (if .status == "fail" then "FAIL" else .status | clean end | padded(6))
        + (.id | clean | padded(15)) + (.summary | clean),
      (.hint // empty | "                     -> " + clean),
      (.ecid // empty | "                     ecid: " + clean)),
  (.checks | map(select(.status == "fail")) | length
    | if . == 0 then "\nNothing failed." elif . == 1 then "\n1 check failed." else "\n\(.) checks failed." end)'

doctor() {
  gather "$@"
  request=$(request_of_command diagnose)
  examine "$request"
}

# Makes the request, and fails when a check did.
examine() {
  findings=$(printf '%s\n' "$1" | run_sidecar | print_outcome "$table" --raw-output) || return 1
  printf '%s\n' "$findings"
  case $findings in *[0-9]' check failed.' | *[0-9]' checks failed.') return 1 ;; esac
}
