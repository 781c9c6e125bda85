import JSON
import JSONRPC

/// What is known of the client of one request: said by the request itself, or by the handshake before it.
struct Client: Sendable, Equatable {
  let revision: Revision
  /// Whether it puts forms before the person at the host.
  let showsForms: Bool

  init(revision: Revision, capabilities: JSONElement?) {
    self.revision = revision
    // An empty object means forms, as it did before there were other modes.
    let elicitation = capabilities?["elicitation"]
    showsForms = elicitation?.members != nil && (elicitation?["form"] != nil || elicitation?["url"] == nil)
  }
}

/// The `_meta` of a request, as far as it concerns how the request is served.
struct RequestMeta: Sendable {
  /// In requests of a revision without handshake.
  let version: String?
  let capabilities: JSONElement?
  /// As written.
  let progressToken: [UInt8]?

  private enum Keys: String, CodingKey {
    case version = "io.modelcontextprotocol/protocolVersion"
    case capabilities = "io.modelcontextprotocol/clientCapabilities"
    case progressToken
  }

  /// - Throws: `invalid_params` for fields of the wrong kind.
  init(of params: JSONElement?, method: String) throws(ResponseError) {
    guard params?.kind ?? .object == .object else {
      throw .malformed(method, "params must be an object")
    }
    do throws(JSONDecodingError) {
      let raw = try params.map { element throws(JSONDecodingError) in try JSONReader.decode(Raw.self, from: element) }
      self = raw?.meta ?? RequestMeta(version: nil, capabilities: nil, progressToken: nil)
    } catch {
      throw .malformed(method, "\(error.path): \(error.problem)")
    }
  }

  private init(version: String?, capabilities: JSONElement?, progressToken: [UInt8]?) {
    self.version = version
    self.capabilities = capabilities
    self.progressToken = progressToken
  }

  private struct Raw: Decodable {
    let meta: RequestMeta?

    private enum CodingKeys: String, CodingKey {
      case meta = "_meta"
    }
  }
}

extension RequestMeta: Decodable {
  init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: Keys.self)
    version = try members.decodeIfPresent(String.self, forKey: .version)
    capabilities = try members.decodeIfPresent(RawJSON.self, forKey: .capabilities)?.element
    let token = try members.decodeIfPresent(RawJSON.self, forKey: .progressToken)?.element
    guard token.flatMap(RequestID.init)?.isStringOrInteger ?? (token == nil) else {
      throw JSONDecodingError(.mistyped, path: "_meta.progressToken", problem: "expected a string or a whole number")
    }
    progressToken = token.map { Array($0.rawBytes) }
  }
}
