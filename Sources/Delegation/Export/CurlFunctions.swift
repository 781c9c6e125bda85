/// What every script of curl has in common.
enum CurlFunctions {
  static let text = #"""
    fail() {
      printf '%s\n' "$1" >&2
      exit 1
    }

    case ${1-} in
      '') ;;
      -h | --help) usage && exit 0 ;;
      *) usage >&2 && exit 2 ;;
    esac
    for tool in curl jq; do
      command -v "$tool" >/dev/null || fail "$tool is needed and not on PATH: curl 7.55 or newer, jq 1.6 or newer."
    done
    case $(command -v printf) in
      */*) fail "This shell has no printf of its own: it would show credentials to others. Use dash, bash or busybox." ;;
    esac

    # What is exported already would be so with its new value.
    unset SSLKEYLOGFILE line user_assertion client_assertion client_secret
    directory=$(mktemp -d)
    clean_up() {
      rm -rf "$directory"
      [ ! -t 0 ] || stty echo
    }
    trap clean_up EXIT
    trap 'exit 130' HUP INT PIPE TERM

    # ask NAME: a line of standard input, unseen where somebody types it.
    ask() {
      [ ! -t 0 ] || { printf '%s: ' "$1" >&2 && stty -echo; }
      IFS= read -r line || [ -n "$line" ] || fail "$1 is not set, and standard input has no line for it; --help says more."
      [ ! -t 0 ] || { printf '\n' >&2 && stty echo; }
      printf '%s' "$line"
    }

    # request OPTION... URL: sends standard input, keeps the answer in a file, and prints its status.
    request() {
      : >"$directory/answer"
      curl -q --silent --show-error --globoff --tlsv1.2 --max-redirs 0 --connect-timeout 10 --max-time 60 \
        --output "$directory/answer" --write-out '%{http_code}' "$@" || fail "There was no answer."
    }

    # report METHOD URL: what was asked, and the status of the answer.
    report() { printf '%s %s: %s\n' "$1" "$2" "$status"; }

    # show: the answer, without credentials and what could steer a terminal.
    show() {
      jq -Rrs --rawfile hidden "$hidden" '
        reduce ($hidden | split("\n")[] | select(. != "") | (., (tojson | .[1:-1]))) as $one
          (.; split($one) | join("[masked]"))
        | rtrimstr("\n") | explode | map(select(. == 9 or . == 10 or (. > 31 and . < 127) or . > 159)) | implode
      ' <"$directory/answer"
    }

    # claims FILE: what a JWT says; fails for what is none.
    claims() {
      jq -Rer '
        split(".") | select(length == 3) | .[1] | split("-") | join("+") | split("_") | join("/")
          | try (@base64d | fromjson | objects) catch empty
      ' "$1"
    }

    """#
}
