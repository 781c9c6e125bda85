import JSONRPC

/// `Limits` of protocol/types.json.
package struct LimitsView: Encodable, Sendable {
  let maxMessageBytes: Int
  let maxNestingDepth: Int
  let maxInFlightRequests: Int
  let maxBatchLength: Int

  init(_ limits: Limits) {
    maxMessageBytes = limits.maximumMessageBytes
    maxNestingDepth = limits.maximumNesting
    maxInFlightRequests = limits.maximumInFlight
    maxBatchLength = limits.maximumBatch
  }
}
