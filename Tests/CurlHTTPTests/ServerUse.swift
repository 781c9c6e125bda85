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
