import JSON

/// What the script says of itself: to who reads it, and to who asks it for help.
struct CurlUsage {
  private let call: ExportedCall

  init(_ call: ExportedCall) { self.call = call }

  func text() throws(ParamsFailure) -> String {
    let requests = call.requests
    let deed = requests.run.map { "and asks agent \($0.agent) with it" } ?? "and says whose it is"
    var lines = [
      "Asks \(requests.domain.text) for an access token that is \(requests.subject.text),",
      "\(deed). These are the requests that onbehalf sends for profile \(requests.profile.name).",
      "",
      "  sh FILE",
      "",
      "It needs curl 7.55 and jq 1.6, or newer. No token is shown.",
    ]
    if let expiresAt = call.expiresAt {
      lines += [
        "",
        "It holds assertions: until \(expiresAt.rfc3339) whoever has it can be this user, once. Delete it afterwards.",
      ]
    }
    let missing = requests.blanks.filter { call.assertions[$0] == nil }
    if !missing.isEmpty {
      lines += ["", "From the environment, else each from a line of standard input in this order:", ""]
      for blank in missing { lines += ["  \(blank.environmentName)", "      \(try source(of: blank))"] }
    }
    return "usage() {\n  cat <<'END_OF_USAGE'\n" + lines.joined(separator: "\n") + "\nEND_OF_USAGE\n}\n"
  }

  /// Where a person gets it.
  private func source(of blank: ExportedRequests.Blank) throws(ParamsFailure) -> String {
    let profile = "profile=\(call.requests.profile.name)"
    switch blank {
    case .userAssertion:
      // To obo a value that begins with @ is the name of a file.
      let text = call.requests.subject.text
      let isFileName = text.utf8.first == UInt8(ascii: "@")
      let value = isFileName ? ":=" + String(decoding: JSONValue.string(text).serialized(), as: UTF8.self) : "=\(text)"
      let subject = try ShellQuoting.word("subject\(value)")
      return "obo mintAssertion \(profile) type=user \(subject) | jq -r .assertion"
    case .clientAssertion: return "obo mintAssertion \(profile) type=client | jq -r .assertion"
    case .userToken: return "the ID token that the user's own sign-in at the identity domain has given"
    case .clientSecret: return "the secret of the application, from its page in the OCI console"
    case .accessToken, .jobId: return ""
    }
  }
}
