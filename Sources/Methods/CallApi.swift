package import Delegation
import JSON
package import JSONRPC

package enum CallApi: Method {
  package static let name = "callApi"

  package struct Params: Decodable, Sendable, UserParams {
    let profile: String?
    let subject: String?
    let userToken: String?
    let method: RequestMethod
    let path: String
    let query: RawJSON?
    let headers: RawJSON?
    let body: RawJSON?
    let bodyText: String?
    let bodyBase64: String?
    let scope: String?
    let prompt: Bool?
  }

  package static func order(_ params: Params) -> Order { .using(profile: params.profile) }

  package static func call(_ params: Params, _ call: Call, in services: Services) async throws(ResponseError)
    -> APIAnswer
  {
    var facts = params.asked(scope: params.scope)
    // Byte by byte, for a mark that follows makes another Character of a "?"; and the query may hold data.
    let path = String(decoding: params.path.utf8.prefix { $0 != UInt8(ascii: "?") }, as: UTF8.self)
    facts.path = "\(params.method.rawValue) \(path)"
    return try await services.answering(name, facts, prompt: params.prompt, for: call) { () throws(Failure) in
      let request = try request(params)
      let permit = try params.permit(services, deadline: call.deadline)
      return try await services.domain.api.send(request, permit: permit, for: call)
    }
  }

  private static func request(_ params: Params) throws(Failure) -> APICall {
    do throws(ParamsFailure) {
      return try APICall(
        method: params.method,
        path: params.path,
        query: params.query,
        headers: params.headers,
        content: try content(params),
        scope: params.scope
      )
    } catch {
      throw .params(error)
    }
  }

  private static func content(_ params: Params) throws(ParamsFailure) -> APICall.Content? {
    switch (params.body, params.bodyText, params.bodyBase64) {
    case (let json?, nil, nil): return .json(json)
    case (nil, let text?, nil): return .text(text)
    case (nil, nil, let text?):
      guard let bytes = Base64.decode(text.utf8, as: .standard) else {
        throw ParamsFailure("bodyBase64", "must be base64 with padding, without line breaks (RFC 4648 section 4)")
      }
      return .bytes(bytes)
    case (nil, nil, nil): return nil
    default: throw ParamsFailure("body", "must stand alone: send one of body, bodyText and bodyBase64")
    }
  }
}
