/// The requests of a call as a script of `sh`, curl and jq.
///
/// Text that comes from elsewhere stands in single quotes and nowhere else. A credential is no argument of any program:
/// it goes to curl on standard input or in a file of a directory that is the user's own.
struct CurlScript {
  private let call: ExportedCall
  private let quoted: (subject: String, claim: String)

  init(_ call: ExportedCall) throws(ParamsFailure) {
    self.call = call
    quoted = (
      try ShellQuoting.quote(call.requests.subject.text),
      try ShellQuoting.quote(call.requests.profile.subjectClaim ?? "sub")
    )
  }

  private var requests: ExportedRequests { call.requests }

  func text() throws(ParamsFailure) -> String {
    var parts = [Self.head, try CurlUsage(call).text(), CurlFunctions.text]
    parts.append(try credentials())
    parts.append(try tokenRequest())
    parts.append(tokenCheck())
    if let run = requests.run { parts += [try invocation(run), try poll(run)] }
    return parts.joined(separator: "\n")
  }

  private static let head = """
    #!/bin/sh
    # shellcheck disable=SC1003,SC2016 # Text of others stands in single quotes, so that the shell leaves it alone.
    set -eu
    umask 077
    LC_ALL=C
    export LC_ALL

    """

  /// Each credential in a variable of its own, which no other program sees.
  private func credentials() throws(ParamsFailure) -> String {
    var text = ""
    for blank in requests.blanks {
      let value = try call.assertions[blank].map { text throws(ParamsFailure) in try ShellQuoting.quote(text) }
      text += "\(blank.variable)=\(value ?? "${\(blank.environmentName)-}")\n"
    }
    let names = ExportedRequests.Blank.allCases.map(\.environmentName).filter { !$0.isEmpty }
    text += "unset \(names.joined(separator: " "))\n"
    text += "# What is masked wherever an answer repeats it.\nhidden=$directory/hidden\n: >\"$hidden\"\n"
    for blank in requests.blanks { text += try credential(blank) }
    return text
  }

  private func credential(_ blank: ExportedRequests.Blank) throws(ParamsFailure) -> String {
    let name = blank.variable
    var text = ""
    if call.assertions[blank] == nil { text += "[ -n \"$\(name)\" ] || \(name)=$(ask \(blank.environmentName))\n" }
    if blank == .clientSecret {
      text += try basicHeader()
    } else {
      text += """
        case $\(name) in
          '' | *[!A-Za-z0-9_.-]*) fail "\(blank.environmentName) is no JWT." ;;
        esac

        """
    }
    return text + "printf '%s\\n' \"$\(name)\" >>\"$hidden\"\n"
  }

  private func basicHeader() throws(ParamsFailure) -> String {
    let prefix = try ShellQuoting.quote("\(requests.profile.clientId):")
    return """
      printf '%s' \(prefix) "$client_secret" | jq -Rrs '@base64' >"$directory/basic"
      cat "$directory/basic" >>"$hidden"
      { printf 'Authorization: Basic ' && cat "$directory/basic"; } >"$directory/client"

      """
  }

  /// The form, percent-encoded but for the JWTs, which hold nothing that would be.
  private func form() throws(ParamsFailure) -> String {
    var words: [String] = []
    var plain: [UInt8] = []
    for (index, field) in requests.fields.enumerated() {
      if index > 0 { plain.append(UInt8(ascii: "&")) }
      guard let blank = requests.blanks.first(where: { $0.mark == field.value && $0.fieldName == field.name }) else {
        plain += FormEncoding.encode([field])
        continue
      }
      plain += FormEncoding.encode([(name: field.name, value: "")])
      words += [try ShellQuoting.quote(String(decoding: plain, as: UTF8.self)), "\"$\(blank.variable)\""]
      plain = []
    }
    if !plain.isEmpty { words.append(try ShellQuoting.quote(String(decoding: plain, as: UTF8.self))) }
    return words.joined(separator: " \\\n    ")
  }

  private func tokenRequest() throws(ParamsFailure) -> String {
    let file = requests.blanks.contains(.clientSecret) ? "$directory/client" : nil
    let url = try ShellQuoting.quote(requests.domain.text + requests.token.target)
    return """
      status=$(
        printf '%s' \(try form()) |
          \(try send(requests.token, credentials: file)) \\
            \(url)
      )
      report POST \(url)
      case $status in
        2??) ;;
        *) show && fail "The identity domain gave no token." ;;
      esac

      """
  }

  /// Whose the token is, as the program asks it; its scope and its end are shown to who runs it.
  private func tokenCheck() -> String {
    let opaque =
      requests.profile.opaqueTokens == .accept
      ? #"printf '%s\n' "The token is opaque, so nothing shows whose it is.""#
      : #"fail "The token is opaque, so nothing shows whose it is.""#
    return """
      jq -c '{token_type, expires_in}' <"$directory/answer" || fail "The answer is no JSON."
      jq -er '.access_token | strings | select(length > 0 and (explode | all(. > 32 and . < 127)))' \\
        <"$directory/answer" >"$directory/token" || fail "The answer holds no access token."
      cat "$directory/token" >>"$hidden"
      { printf 'Authorization: Bearer ' && cat "$directory/token"; } >"$directory/user"
      if claims "$directory/token" >"$directory/claims"; then
        printf 'The token says: ' && jq -c '{tok_type, sub_type, sub, scope, exp}' <"$directory/claims"
        jq -e --arg subject \(quoted.subject) --arg claim \(quoted.claim) '
          .tok_type == "AT" and .sub_type == "user"
            and (.[$claim] | strings | ascii_downcase) == ($subject | ascii_downcase)
        ' <"$directory/claims" >"$directory/verdict" || fail "The token is not the user who was asked for."
      else
        \(opaque)
      fi

      """
  }

  private func invocation(_ run: ExportedRequests.Run) throws(ParamsFailure) -> String {
    let url = try ShellQuoting.quote(requests.fusion.text + run.invoke.target)
    return """
      status=$(
        printf '%s' \(try ShellQuoting.quote(String(decoding: run.invoke.body ?? [], as: UTF8.self))) |
          \(try send(run.invoke, credentials: "$directory/user")) \\
            \(url)
      )
      report POST \(url)
      show
      case $status in
        2??) ;;
        *) fail "The pod has not started a run." ;;
      esac
      job=$(jq -r '.jobId | (strings, (numbers | select(. < 9007199254740992) | tostring))' <"$directory/answer") ||
        fail "The answer is no JSON."
      case $job in
        '' | *[!A-Za-z0-9._:-]*) fail "The answer holds no jobId that can stand in a URL." ;;
        *[!.]*) ;;
        *) fail "The answer holds no jobId that can stand in a URL." ;;
      esac

      """
  }

  private func poll(_ run: ExportedRequests.Run) throws(ParamsFailure) -> String {
    func words(_ state: AgentRun.State) -> String { state.words.joined(separator: " | ") }
    let parts = (requests.fusion.text + run.status.target).split(separator: ExportedRequests.Blank.jobId.mark)
    let url = try parts.map { part throws(ParamsFailure) in try ShellQuoting.quote(String(part)) }
    return """
      polls=0
      while :; do
        state=$(jq -r '.status | strings | ascii_upcase' <"$directory/answer") || fail "The answer is no JSON."
        case $state in
          \(words(.complete))) exit 0 ;;
          \(words(.failed))) fail "The run of job $job has failed." ;;
          \(words(.waiting)))
            printf '%s\\n' "The run of job $job waits for a person."
            exit 0
            ;;
        esac
        polls=$((polls + 1))
        [ "$polls" -le 60 ] || fail "The run of job $job still goes on; getAgentRun finds it by this jobId."
        if [ "$polls" -le 5 ]; then sleep 1; else sleep 5; fi
        url=\(url.joined(separator: #""$job""#))
        status=$(
          \(try send(run.status, credentials: "$directory/user")) \\
            "$url" </dev/null
        )
        report GET "$url"
        show
        case $status in
          2??) ;;
          *) fail "The pod does not say how the run of job $job is." ;;
        esac
      done

      """
  }

  /// The command up to the URL.
  private func send(_ request: HTTPRequest, credentials file: String?) throws(ParamsFailure) -> String {
    var options = ["--proto '=\(request.origin.scheme.rawValue)'"]
    if request.origin.isLoopback {
      options.append("--noproxy '*'")
    } else if let proxy = request.proxy {
      options.append("--proxy \(try ShellQuoting.quote(proxy)) --noproxy ''")
    }
    if let caFile = request.caFile {
      let path = try ShellQuoting.quote(caFile)
      options.append("--cacert \(path) --proxy-cacert \(path)")
    }
    options.append("--max-filesize \(request.maximumResponseBytes)")
    for header in request.plainHeaders {
      options.append("-H \(try ShellQuoting.quote("\(header.name): \(header.value)"))")
    }
    if let file { options.append("-H \"@\(file)\"") }
    if request.body != nil { options.append("--data-binary @-") }
    return (["request"] + options).joined(separator: " \\\n      ")
  }
}

extension ExportedRequests.Blank {
  /// In the environment of the script.
  var environmentName: String {
    switch self {
    case .userAssertion: "ONBEHALF_USER_ASSERTION"
    case .userToken: "ONBEHALF_USER_TOKEN"
    case .clientAssertion: "ONBEHALF_CLIENT_ASSERTION"
    case .clientSecret: "ONBEHALF_CLIENT_SECRET"
    case .accessToken, .jobId: ""
    }
  }

  /// In the script.
  fileprivate var variable: String {
    switch self {
    case .userAssertion, .userToken: "user_assertion"
    case .clientAssertion: "client_assertion"
    case .clientSecret: "client_secret"
    case .accessToken, .jobId: ""
    }
  }

  /// In the form.
  fileprivate var fieldName: String? {
    switch self {
    case .userAssertion, .userToken: "assertion"
    case .clientAssertion: "client_assertion"
    case .clientSecret, .accessToken, .jobId: nil
    }
  }
}
