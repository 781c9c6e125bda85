# shellcheck shell=sh
# shellcheck disable=SC2016,SC2034,SC2154 # jq's variables, and what it shares with obo
# obo setup: a first key, its application and a profile, with questions. Sourced by obo.
#
# It keeps nothing of its own: what is done is in the store and in the profile file, and there the next setup finds it.

setup_usage() {
  cat <<'END'
usage: obo setup

Makes a key, shows how to register its certificate in the OCI console, asks where to go and whom to act for, saves a
profile and looks whether it works. Each answer is checked by the sidecar, and asked for again when it will not do.

It can be stopped at each question (Ctrl-C, end of input): what is done stays, and the next `obo setup` goes on with it.
What a saved profile says is offered in brackets, and an empty line takes it. Answers may come from a pipe, one a line.

The sidecar is started with --admin besides what ONBEHALF_ARGS says. Nothing that is asked is a secret.

exit status: 0 when all works; 1 when something was refused or a check failed; 2 for wrong usage; 3 when it was stopped
END
}

# For jq: what stands in a draft for what has not been asked yet.
draft='{name: "draft", identityDomainUrl: "https://localhost", clientId: "draft",
  clientAuthentication: "client_assertion", key: "draft", scope: "draft", fusionUrl: "https://localhost",
  policy: {subjects: {allow: ["draft"]}}}'

tell() { printf '%s\n' "$*" >&2; }

stop() {
  tell ''
  tell 'obo: Stopped. What is done stays; obo setup goes on with it.'
  exit "$1"
}

# Leaves the answer in `answer`: ask QUESTION DEFAULT.
ask() {
  printf '%s%s: ' "$1" "${2:+ [$2]}" >&2
  answer=
  read -r answer || [ -n "$answer" ] || stop 3
  [ -n "$answer" ] || answer=$2
  [ -t 0 ] || tell "$answer"
}

# Prints the answer to METHOD with PARAMS as it comes, or ends when there is none.
exchange() {
  printf '%s' "$2" | jq -c --arg method "$1" '{jsonrpc: "2.0", id: 1, $method, params: .}' | run_sidecar |
    jq -ce 'select(has("result") or has("error"))' || fail 1 "the sidecar gave no answer"
}

# Prints FILTER of an answer: of REPLY FILTER OPTION-OF-JQ...
of() {
  reply=$1 wanted=$2
  shift 2
  printf '%s' "$reply" | jq -r "$@" "$words$wanted"
}

kind_of() { of "$1" '.error.data.kind // empty'; }

result_of() { printf '%s\n' "$1" | print_outcome . --compact-output; }

# Asks until the sidecar takes the draft with the answer in it: settle QUESTION DEFAULT CHANGE.
settle() {
  while :; do
    ask "$1" "$2"
    candidate=$(of "$profile" "$3" --arg value "$answer" -c)
    reply=$(exchange initialize "$(of "$candidate" '{initializationOptions: {profiles: {(.name): .}}}' -c)")
    problem=$(of "$reply" '.error.message // empty | clean')
    [ -n "$problem" ] || break
    tell "  $problem"
  done
  profile=$candidate
}

# What the saved profile says, for brackets.
saved() { [ -z "$known" ] || of "$known" "$1 | clean"; }

settle_name() {
  known=''
  profile=$(jq -nc "$draft")
  settle 'Name of the profile' "${ONBEHALF_PROFILE:-dev}" '.name = $value'
  name=$answer
  reply=$(exchange getProfile "$(of "$profile" '{name}' -c)")
  [ "$(kind_of "$reply")" != profile_not_found ] || return 0
  known=$(result_of "$reply")
  profile=$known
  tell "  The profile $name is there: an empty line keeps what it says."
}

settle_key() {
  default=$(saved '.key // empty')
  settle 'Alias of its key, which will be that of the certificate' "${default:-$name-key}" '.key = $value'
  alias=$(of "$profile" '{alias: .key}' -c)
  reply=$(exchange getKey "$alias")
  if [ "$(kind_of "$reply")" = key_not_found ]; then
    key=$(result_of "$(exchange createKey "$alias")")
    [ "$(of "$key" .store)" != memory ] || fail 1 "--store memory keeps no key: choose another store in ONBEHALF_ARGS"
    tell "  Made, and kept in $(of "$key" '.store | clean')."
  else
    key=$(result_of "$reply")
    tell "  It is there, in $(of "$key" '.store | clean')$(of "$key" '.binding // empty
      | ", bound to client \(.clientId) of \(.identityDomainUrl)" | clean').$(of "$key" '.warnings[]
      | "\n  \(.message) \(.hint)" | clean')"
  fi
}

show_guide() {
  if [ -n "$known" ]; then about=$(of "$profile" '{profile: .name}' -c); else about=$alias; fi
  guide=$(result_of "$(exchange getSetupGuide "$about")")
  of "$guide" '"", (.steps | to_entries[] | "\(.key + 1). \(.value.title | clean)\n   \(.value.detail | clean)"), "",
    .certificatePem' | fold -s -w "${COLUMNS:-120}"
  ask 'Empty line when the application is there and active' ''
}

settle_places() {
  settle 'URL of the identity domain' "$(saved .identityDomainUrl)" '.identityDomainUrl = $value'
  settle 'Client ID of the application' "$(saved .clientId)" '.clientId = $value'
  settle 'Scope of the Fusion AI resource, urn:opc:resource:fusion:POD:fusion-ai/' "$(saved .scope)" '.scope = $value'
  settle 'URL of the Fusion pod' "$(saved .fusionUrl)" '.fusionUrl = $value'
  settle 'Users it may act for, with blanks between them (*.clerk is a pattern, * everybody)' \
    "$(saved '.policy.subjects.allow | join(" ")')" \
    '.policy.subjects.allow = ($value | split(" ") | map(select(. != "")))'
}

save() {
  tell 'Saving binds the key: it signs for this client of this domain, and for nothing else, ever.'
  while :; do
    ask 'Save the profile (yes, no)' yes
    case $answer in
      yes) break ;;
      no) stop 3 ;;
      *) tell '  yes or no.' ;;
    esac
  done
  profile=$(result_of "$(exchange saveProfile "$(of "$profile" '{profile: .}' -c)")")
  tell "  Saved."
}

# Asks until policy allows it: allowed QUESTION DEFAULT FIELD. An empty answer is none.
allowed() {
  while :; do
    ask "$1" "$2"
    [ -n "$answer" ] || return 0
    candidate=$(of "$trial" '.[$field] = $value' --arg field "$3" --arg value "$answer" -c)
    reply=$(exchange explain "$candidate")
    problem=$(of "$reply" 'if .error then .error.message elif .result.allowed then empty
      else "Policy denies it, by \(.result.rule)." end | clean')
    [ -n "$problem" ] || break
    tell "  $problem"
  done
  trial=$candidate
}

try() {
  trial=$(of "$profile" '{profile: .name}' -c)
  allowed 'A user to try it with (nobody: the try ends at the domain)' \
    "${ONBEHALF_SUBJECT:-$(of "$profile" '[.policy.subjects.allow[] | select(contains("*") | not)][0] // empty')}" \
    subject
  user=$answer agent=
  if [ -n "$user" ]; then
    allowed 'An agent to look at; none is run (empty: none)' '' agent
    agent=$answer
  fi
  examine "$(of "$trial" '{jsonrpc: "2.0", id: 1, method: "diagnose", params: .}' -c)" || {
    tell "obo: It does not work yet. See to the first FAIL; then obo setup goes on, or obo doctor looks again."
    exit 1
  }
  tell "Now ask: obo agent ${agent:-CODE} 'Hello' profile=$name subject=${user:-USER}"
}

setup() {
  [ $# = 0 ] || wrong "obo setup takes no parameters: it asks"
  # shellcheck source=/dev/null
  . "$home/lib/doctor.sh"
  case " ${ONBEHALF_ARGS:-} " in *' --admin '*) ;; *) ONBEHALF_ARGS="${ONBEHALF_ARGS:-} --admin" ;; esac
  trap 'stop 130' INT
  settle_name
  settle_key
  show_guide
  settle_places
  save
  try
}
