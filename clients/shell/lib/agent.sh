# shellcheck shell=sh
# shellcheck disable=SC2016,SC2034,SC2154 # jq's variables, and what it shares with obo
# obo agent: asks an agent, prints what it says as it comes, and lets the person at the terminal answer a run that
# waits. Sourced by obo.
#
# What an agent says is never taken for what a person says: an answer comes from /dev/tty alone.

agent_usage() {
  cat <<'END'
usage: obo agent CODE MESSAGE [NAME=TEXT | NAME:=JSON | NAME=@FILE | NAME=@-]...

Asks the agent CODE as a user and prints what it says while it says it. MESSAGE is what the user says; `-` takes it from
standard input. What else there is are the parameters of invokeAgent: profile and subject (else ONBEHALF_PROFILE and
ONBEHALF_SUBJECT), conversationId to go on, version, parameters, timeoutMs (obo invokeAgent --help).

On a terminal a line on standard error says what goes on. When the run waits for a person, the question is put on the
terminal, and what is typed there is sent; an empty line sends nothing. Without a terminal it is said how to answer.
On a terminal, characters that would steer it are shown as U+FFFD; elsewhere the text is as it came.

Ctrl-C withdraws the request. The run itself may go on at the pod; its job is told.

exit status: 0 when the run is complete; 1 when it failed, was refused or is not known; 2 for wrong usage; 3 when it
waits for a person; 129, 130, 143 when a signal ended it

  obo agent PAYABLES_TEAM 'Which invoices are on hold?' profile=dev5 subject=curtis.feitty
  obo agent PAYABLES_TEAM - <question.txt >answer.txt
END
}

# One line for the shell of each message of the sidecar, a letter and the rest of it, escaped for printf %b:
# P a sentence of progress, L text that ends a line, T text that does not, Q the question of a run that waits,
# W its job and conversation, R the run is complete, E a line of an error, X the end of one.
told_lines='
  def escaped: split("\\") | join("\\\\") | split("\n") | join("\\n") | split("\u0000") | join("\\0000");
  def text: if . == "" then empty else (if endswith("\n") then "L" else "T" end)
    + (if $screen then shown else . end | escaped) end;
  def words: if type == "string" then . else tojson end;
  def rest($told): (if . == null then "" else words end)
    | if $told == "" then . elif startswith($told) then .[($told | length):] else "\n" + . end;
  def wait($run): "Q" + ($run.waitingFor.message // $run.output // "" | words | shown | escaped),
    "W\($run.jobId) \($run.conversationId // "" | clean)";
  def failure: (told | rtrimstr("\n") | split("\n")[] | "E" + escaped),
    (.data.detail | objects
      | (.run.error // empty | "Ethe pod says: " + (words | clean | escaped)),
        (.state // empty | "Estate: " + clean),
        (.jobId // .run.jobId // empty | "Ejob: " + clean),
        (.conversationId // .run.conversationId // empty | "Econversation: " + clean)),
    "X";
  def progress: select($live) | (.message // .title // "" | clean) as $sentence
    | (.node.code // "" | if . == "" then . else " (\(clean))" end) as $node
    | select($sentence != "") | "P" + ("\($agent): \($sentence)\($node)" | escaped);
  foreach inputs as $message ({};
    if $message.method == "$/progress" then
      if $message.params.value | has("delta")
      then .told += [$message.params.value.delta] | .lines = [.told[-1] | text]
      else .lines = [$message.params.value | progress] end
    elif $message | has("error") then .lines = [$message.error | failure]
    elif $message | has("result") then (.told // [] | join("")) as $told | .told = []
      | .lines = [$message.result | if .state == "waiting" then wait(.) else (.output | rest($told) | text), "R" end]
    else .lines = [] end;
    .lines[])'

# Starts the sidecar, which reads what is written to 3; what it tells is read from 4.
open_session() {
  live=false screen=false
  [ ! -t 2 ] || [ "${TERM:-dumb}" = dumb ] || live=true
  [ ! -t 1 ] || screen=true
  open_pipes
  when_signalled withdraw
  # shellcheck disable=SC2086 # arguments are words
  (exec "$sidecar" ${ONBEHALF_ARGS:-} <&5 >&6 3>&- 4<&- 5<&- 6>&- 7<&- 8>&-) &
  sidecar_pid=$!
  (
    trap '' INT TERM HUP
    exec jq -rn --unbuffered --arg agent "$code" --argjson live "$live" --argjson screen "$screen" \
      "$words$told_lines" <&7 >&8 2>/dev/null 3>&- 4<&- 5<&- 6>&- 7<&- 8>&-
  ) &
  exec 5<&- 6>&- 7<&- 8>&-
}

when_signalled() {
  # shellcheck disable=SC2064 # now
  trap "$1 130" INT
  # shellcheck disable=SC2064 # now
  trap "$1 143" TERM
  # shellcheck disable=SC2064 # now
  trap "$1 129" HUP
}

# The ends of three pipes: requests from 3 to 5, answers from 6 to 7, what is told of them from 8 to 4. One end of a
# named pipe waits for the other, but for one that is opened for both.
# shellcheck disable=SC2094 # both ends are meant
open_pipes() {
  private=
  trap '[ -z "$private" ] || rm -rf "$private"' EXIT
  when_signalled exit
  private=$(mktemp -d)
  mkfifo "$private/requests" "$private/answers" "$private/told"
  exec 9<>"$private/requests" 3>"$private/requests" 5<"$private/requests"
  exec 9<>"$private/answers" 6>"$private/answers" 7<"$private/answers"
  exec 9<>"$private/told" 8>"$private/told" 4<"$private/told"
  exec 9>&-
  rm -rf "$private"
  private=
}

# Withdraws the request; its answer says what became of it. The second signal does not wait for that.
withdraw() {
  if [ -n "$signalled" ]; then
    kill -TERM "$sidecar_pid" 2>/dev/null || :
    forget_progress
    exit "$1"
  fi
  signalled=$1 interrupted=yes
  send '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":'"$id"'}}'
}

# That nobody reads it any more shows in what comes.
send() { (trap '' PIPE; printf '%s\n' "$1" >&3) 2>/dev/null || :; }

# A line that is cut at the edge and written over by the next.
show_line() {
  [ -z "$mid_line" ] || [ "$screen" = false ] || return 0
  printf '\r\033[K\033[?7l%b\033[?7h' "$1" >&2
  line_shown=yes
}

forget_progress() {
  [ -z "$line_shown" ] || printf '\r\033[K' >&2
  line_shown=
}

say() {
  forget_progress
  printf '%b' "$1"
}

end_line() {
  [ -z "$mid_line" ] || printf '\n'
  mid_line=
}

# Sends what the parameters make and tells what comes, to the end of the run or to where it waits. A signal may cut the
# reading of a line in two.
follow() {
  question='' job='' conversation='' held=''
  send "$1"
  while :; do
    told=
    if IFS= read -r told <&4; then
      told=$held$told held=
    elif [ -n "$interrupted" ]; then
      interrupted='' held=$held$told
      continue
    else
      forget_progress
      [ -z "$signalled" ] || exit "$signalled"
      fail 1 "the sidecar gave no answer"
    fi
    case $told in
      P*) show_line "${told#?}" ;;
      L*) say "${told#?}"; mid_line='' ;;
      T*) say "${told#?}"; mid_line=yes ;;
      Q*) question=${told#?} ;;
      W*) told=${told#?} job=${told% *} conversation=${told##* }; break ;;
      E*) forget_progress; end_line; printf '%b\n' "${told#?}" >&2 ;;
      R*) forget_progress; end_line; break ;;
      X*) exit "${signalled:-1}" ;;
    esac
  done
  forget_progress
  end_line
  [ -z "$signalled" ] || [ -z "$job" ] || leave_waiting "$signalled"
}

# Ends with the run waiting, and says how to answer it.
leave_waiting() {
  printf 'obo: The run waits for a person. Nothing was sent.\n' >&2
  if [ -z "$conversation" ]; then
    printf 'hint: The pod named no conversation, so it is answered in Fusion. Its job: %s\n' "$job" >&2
  else
    printf "hint: obo resumeAgent agent=%s jobId=%s conversationId=%s message='…' answers it.\n" \
      "$code" "$job" "$conversation" >&2
  fi
  exit "$1"
}

# Leaves in `answer` what the person typed.
ask_person() {
  if [ ! -t 2 ] || [ -z "$conversation" ] || ! (: </dev/tty) 2>/dev/null; then
    printf '%s asks: %b\n' "$code" "$question" >&2
    leave_waiting 3
  fi
  when_signalled leave_unanswered
  printf '%s asks: %b\nYour answer: ' "$code" "$question" >/dev/tty
  answer=
  IFS= read -r answer </dev/tty || answer=
  [ -n "$answer" ] || leave_unanswered 3
  when_signalled withdraw
}

leave_unanswered() {
  printf '\n' >&2
  leave_waiting "$1"
}

agent() {
  [ $# -ge 2 ] || wrong "obo agent wants the agent's code and a message"
  code=$1 message=$2
  shift 2
  case $code in '' | *[!A-Z0-9_]*) wrong "not the code of an agent: $code" ;; esac
  for argument; do
    case $argument in
      agent[:=]* | message[:=]* | wait[:=]* | stream[:=]* | workDoneToken[:=]*)
        wrong "not a parameter of obo agent: ${argument%%[:=]*} (invokeAgent takes it)"
        ;;
    esac
  done
  if [ "$message" = - ]; then
    from_stdin=yes
    gather "$@"
    message=$(jq -nc --rawfile message /dev/stdin '{message: $message | rtrimstr("\n")}')
  else
    gather "$@"
    message=$(printf '%s' "$message" | jq -nc --rawfile message /dev/stdin '{$message}')
  fi
  parameters=$parameters$message'{"agent":"'$code'","stream":true,"workDoneToken":1}'
  request=$(request_of_command invokeAgent)
  id=1 signalled='' interrupted='' line_shown='' mid_line=''
  open_session
  follow "$request"
  while [ -n "$job" ]; do
    ask_person
    id=$((id + 1))
    answered=$(printf '%s' "$answer" | jq -nc --rawfile message /dev/stdin '{$message}')
    request=$(printf '%s' "$request$answered" | jq -sc --argjson id "$id" --arg job "$job" \
      --arg conversation "$conversation" '.[1] as $answered | .[0] | .id = $id | .method = "resumeAgent"
      | .params |= del(.stream, .parameters)
        + $answered + {jobId: $job, conversationId: $conversation, workDoneToken: $id}')
    follow "$request"
  done
  exec 3>&-
  wait "$sidecar_pid" || :
  [ -z "$signalled" ] || exit "$signalled"
}
