import JSON

/// Turns a refusal of the Fusion pod into a kind that says what to do.
enum FusionRefusal {
  /// `what` is what was asked for, for the error's sentence.
  static func of(_ response: HTTPResponse, what: String) -> FusionFailure.Refusal {
    let code = errorCode(response.body)
    let kind: FusionFailure.Refusal.Kind =
      switch response.status {
      case 401: .unauthorized
      case 403: code == "FAI-40300" ? .agentForbidden : .forbidden
      case 404: .notFound
      default: .other
      }
    var refusal = FusionFailure.Refusal(kind: kind, status: response.status, what: what)
    refusal.code = code
    refusal.ecid = response.ecid
    refusal.retryAfterMs = RetryAfter.milliseconds(response)
    return refusal
  }

  /// The first `FAI-…` in a body. The shape around it is not documented, so it is found as text.
  private static func errorCode(_ body: [UInt8]) -> String? {
    let marker = Array("FAI-".utf8)
    let head = body.prefix(64 << 10)
    guard head.count > marker.count,
      let start = head.indices.dropLast(marker.count).first(where: { head[$0...].starts(with: marker) })
    else { return nil }
    let digits = head[(start + marker.count)...].prefix(8).prefix { (0x30...0x39).contains($0) }
    return digits.isEmpty ? nil : "FAI-" + String(decoding: digits, as: UTF8.self)
  }
}
