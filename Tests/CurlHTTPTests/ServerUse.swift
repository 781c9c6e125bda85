import Delegation
import TestSupport

/// Runs a scripted server for as long as `use` takes.
func withServer<Result>(
  accepted: @escaping @Sendable () -> Void = {},
  _ script: @escaping LoopbackHTTPServer.Script,
  use: (LoopbackHTTPServer) async throws -> Result
) async throws -> Result {
  let server = try LoopbackHTTPServer(accepted: accepted, script)
  defer { server.stop() }
  return try await use(server)
}

/// A GET with a deadline that no test is meant to reach.
func get(_ server: LoopbackHTTPServer, _ target: String = "/") -> HTTPRequest {
  get(server.origin, target)
}

func get(_ origin: Origin, _ target: String = "/") -> HTTPRequest {
  HTTPRequest(method: .get, origin: origin, target: target, deadline: .now + .seconds(60))
}

extension HTTPBody {
  /// All that is still to come.
  func text() async throws(HTTPFailure) -> String {
    let (text, failure) = await rest()
    if let failure { throw failure }
    return text
  }

  /// What can still be read, and what ended it when it is not whole.
  func rest() async -> (text: String, failure: HTTPFailure?) {
    var whole: [UInt8] = []
    var failure: HTTPFailure?
    do throws(HTTPFailure) { while let bytes = try await next() { whole += bytes } } catch { failure = error }
    return (String(decoding: whole, as: UTF8.self), failure)
  }
}
