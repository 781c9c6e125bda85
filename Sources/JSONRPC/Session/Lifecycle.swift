/// The names the server itself knows. All other methods are routes.
enum LifecycleMethod {
  static let initialize = "initialize"
  static let shutdown = "shutdown"
  static let exit = "exit"
  static let cancelRequest = "$/cancelRequest"

  static let notInBatches: Set<String> = [initialize, shutdown, exit]
}

/// How far the session has come: `initialize` is optional and first, after `shutdown` nothing but `exit` is wanted.
struct Lifecycle: Sendable {
  private var hasHadRequests = false
  private(set) var isShutDown = false

  mutating func admit(_ method: String) throws(ResponseError) {
    guard !isShutDown else {
      throw .invalidRequest("The session has been shut down.", hint: "Send exit, and start a new process.")
    }
    guard method != LifecycleMethod.initialize || !hasHadRequests else {
      throw .invalidRequest(
        "initialize was not the first request.",
        hint: "Send initialize once and before all other requests, or not at all."
      )
    }
    hasHadRequests = true
    isShutDown = method == LifecycleMethod.shutdown
  }
}
