import JSON

/// Turns a refusal of the token endpoint into a kind that says what to do.
///
/// Classified by `error` (RFC 6749 section 5.2), by status, and by the clock that dated what was refused; by text only where the domain says the
/// same word for different things.
struct RefusalContext {
  let server: String
  let clientAuthentication: ClientAuthentication
  var sentUserToken = false
  /// Nil when it had no `Date`.
  let answer: DatedAnswer?

  func refusal(_ response: HTTPResponse, _ body: JSONValue?) -> TokenFailure.Refusal {
    let error = Self.text(body?["error"])
    let description = Self.text(body?["error_description"])
    var refusal = TokenFailure.Refusal(
      kind: kind(status: response.status, error: error, description: description),
      status: response.status,
      clientAuthentication: clientAuthentication
    )
    refusal.isOfUserToken = sentUserToken
    refusal.error = error.map(Masking.mask)
    refusal.description = description.map(Masking.mask)
    refusal.ecid = Masking.identifier(Self.text(body?["ecid"])) ?? response.ecid
    refusal.retryAfterMs = RetryAfter.milliseconds(response)
    refusal.clockOffsetMs = answer?.offsetMs
    return refusal
  }

  private func kind(status: Int, error: String?, description: String?) -> TokenFailure.Refusal.Kind {
    let said = (description ?? "").lowercased()
    if status == 429 { return .rateLimited }
    // A gateway's word that the domain is down says nothing of what was sent, whatever the body calls it.
    if (502...504).contains(status) { return .other }
    // `invalid_grant` speaks of the user, whose name may stand in the text.
    let isOfClient = error != "invalid_grant" && (said.contains("client") || said.contains("app"))
    if isOfClient, said.contains("inactive") { return .clientInactive }
    let byError: TokenFailure.Refusal.Kind? =
      switch error {
      case "invalid_client": .invalidClient
      case "invalid_grant": .invalidGrant
      case "invalid_scope": .invalidScope
      case "unauthorized_client": .unauthorizedClient
      case "invalid_request", "system_error", "server_error": .assertionRejected
      default: said.contains("system error") ? .assertionRejected : status == 401 ? .invalidClient : nil
      }
    guard let byError, status < 500 || byError == .assertionRejected else { return .other }
    let dependsOnTime = byError == .invalidClient || byError == .invalidGrant || byError == .assertionRejected
    return dependsOnTime && answer?.contradictsMint == true ? .clockSkew : byError
  }

  private static func text(_ value: JSONValue?) -> String? {
    guard case .string(let text) = value else { return nil }
    return text
  }
}

/// Makes text of a server fit for an error: short, printable, and without anything that could be a credential.
enum Masking {
  static let longestRun = 24

  /// Runs of 24 or more base64-like characters become `[masked]`: a server may echo an assertion or a secret.
  static func mask(_ text: String) -> String {
    var output = ""
    var run = ""
    func flush() {
      output += run.utf8.count >= longestRun ? "[masked]" : run
      run = ""
    }
    for scalar in text.unicodeScalars.prefix(2000) {
      let isCredentialLike = scalar.isASCII && isRunByte(UInt8(scalar.value))
      if isCredentialLike {
        run.unicodeScalars.append(scalar)
      } else {
        flush()
        let isPlain = scalar.value >= 0x20 && scalar.value < 0x7f
        output.unicodeScalars.append(isPlain ? scalar : "?")
      }
    }
    flush()
    return String(output.prefix(300))
  }

  /// An `ecid` or error code as it is when it looks like one, else nil.
  static func identifier(_ text: String?) -> String? {
    guard let text, (1...128).contains(text.utf8.count),
      text.utf8.allSatisfy({ FieldRules.isAlphanumeric($0) || "-_.:^,".utf8.contains($0) })
    else { return nil }
    return text
  }

  private static func isRunByte(_ byte: UInt8) -> Bool {
    FieldRules.isAlphanumeric(byte) || "-_+/=.".utf8.contains(byte)
  }
}

/// `Retry-After` in seconds (RFC 9110 section 10.2.3). The form with a date is not read: no Oracle server is known to send it.
enum RetryAfter {
  private static let longestSeconds = 86_400

  /// What is longer than a day is a day, and not nothing: who asks for that must not be asked again at once.
  static func milliseconds(_ response: HTTPResponse) -> Int? {
    guard let text = response.header("retry-after"), !text.isEmpty,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) })
    else { return nil }
    return min(Int(text) ?? longestSeconds, longestSeconds) * 1000
  }
}

extension HTTPResponse {
  /// What Oracle's support finds the request by, when the answer carries one that looks like it.
  var ecid: String? { Masking.identifier(header("x-oracle-dms-ecid") ?? header("ecid")) }
}
