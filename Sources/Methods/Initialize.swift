import Delegation
package import JSON
package import JSONRPC

package enum Initialize: Method {
  package static let name = "initialize"
  package static let lane = Lane.control
  /// It takes what an LSP client sends.
  package static let unknownParams = JSONReader.UnknownMembers.ignored

  /// The version of this protocol, and the oldest whose clients are still served.
  static let protocolVersion = "1.0"
  static let minimumProtocolVersion = "1.0"

  package struct Params: Decodable, Sendable {
    let processId: Int32?
    let initializationOptions: JSONValue?
  }

  package struct Result: Encodable, Sendable {
    let capabilities: Capabilities
    let serverInfo: ServerInfo
    let protocolVersion: String
    let minimumProtocolVersion: String
    let limits: LimitsView
  }

  struct Capabilities: Encodable, Sendable {
    let methods: [String]
    let admin: Bool
  }

  struct ServerInfo: Encodable, Sendable {
    let name = "onbehalf"
    let version: String
  }

  /// Never waits: no disk, bus or network is touched before it is answered (invariant 12).
  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError) -> Result
  {
    do throws(ProfileFailure) {
      if let options = params.initializationOptions, options != .null {
        services.domain.authorization.profiles.give(try ProfileFile(parsing: options, source: "initialize"))
      }
    } catch {
      throw ResponseError(.profile(error))
    }
    if let processId = params.processId, processId > 0 { services.watchProcess(processId) }
    return Result(
      capabilities: Capabilities(methods: methodTable.map(\.name) + ["shutdown", "exit"], admin: services.isAdmin),
      serverInfo: ServerInfo(version: services.version),
      protocolVersion: protocolVersion,
      minimumProtocolVersion: minimumProtocolVersion,
      limits: LimitsView(services.limits)
    )
  }
}
