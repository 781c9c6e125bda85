/// Why a server that was reached a moment ago gave no answer.
enum NetworkFinding {
  /// Nil for what the errors of the protocol say as well.
  static func of(_ failure: NetworkFailure) -> Finding? {
    let server = failure.server
    switch failure.problem {
    case .http(.broken(let found, _)):
      return Finding(
        .fail,
        "\(server) took the request and closed the connection before its answer was whole: \(found).",
        hint: "Try again. If it stays, a firewall or a proxy cuts the connection: ask whoever runs the network."
      )
    case .http(.timedOut(.response, _)):
      return Finding(
        .fail,
        "\(server) took the request and did not answer in time.",
        hint: "Try again. If it stays, the server is overloaded or down: look at Oracle's status page."
      )
    case .http(.responseTooLarge):
      return Finding(
        .fail,
        "\(server) answers with far more than was asked for.",
        hint: "Is its URL in the profile that of the identity domain or the pod? Something else seems to answer."
      )
    case .http(.unreachable), .http(.tlsFailed), .http(.timedOut), .http(.invalidRequest), .http(.cancelled),
      .unexpectedRedirect, .malformed:
      return nil
    }
  }
}
