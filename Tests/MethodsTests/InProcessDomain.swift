import Delegation
import Foundation
import JSON
import OpenSSLKeys
import ProtocolKit
import Synchronization
import TestSupport

/// A strict identity domain with one confidential application: RFC 7523 and RFC 6749 as Tests/sandbox has them.
final class InProcessDomain: Sendable {
  /// The application, and the one certificate registered for it.
  struct Client: Sendable {
    let id: String
    let secret: String
    let alias: String
    let certificate: Certificate
    /// The registered key: RS256 is deterministic, so a signature is right when this key makes the same.
    let key: any SigningKey
  }

  /// Section 5.2 of RFC 6749.
  struct Refusal: Error {
    let error: String
    var status = 400
  }

  private static let jwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"
  private static let assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
  private static let fields: Set = [
    "grant_type", "assertion", "scope", "client_id", "client_assertion_type", "client_assertion",
  ]

  let origin: String
  private let client: Client
  private let people: SandboxPeople
  private let tokens: InProcessTokens
  private let fault: Fault?
  private let clock: PatientClock
  private let usedIDs = Mutex<Set<String>>([])

  init(
    origin: String,
    client: Client,
    people: SandboxPeople,
    tokens: InProcessTokens,
    fault: Fault?,
    clock: PatientClock
  ) {
    self.origin = origin
    self.client = client
    self.people = people
    self.tokens = tokens
    self.fault = fault
    self.clock = clock
  }

  func answer(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
    switch (request.method, request.target) {
    case (.get, "/.well-known/openid-configuration"):
      let endpoint = JSONValue.string("\(origin)/oauth2/v1/token")
      return .json(200, ["issuer": .string(InProcessTokens.issuer), "token_endpoint": endpoint])
    case (.get, "/admin/v1/SigningCert/jwk"):
      if case .closedKeys(let status) = fault { return .json(status, [:]) }
      return .json(200, tokens.keySet)
    case (.post, "/oauth2/v1/token"): break
    default: return .json(404, ["error": "not_found"])
    }
    var changes: [JSONValue.Member] = []
    switch fault {
    case .respond(let status, let headers): return .json(status, [:], headers: headers)
    case .hang: try await hang(request)
    case .token(let claims): changes = claims
    case .run, .closedKeys, .streamless, .brokenStream, nil: break
    }
    do throws(Refusal) { return .json(200, try grant(request, changes)) } catch {
      return .json(error.status, ["error": .string(error.error), "ecid": "1.005-in-process"])
    }
  }

  /// The deadline passes as soon as the client waits for it; the connection stays until the sidecar ends it.
  private func hang(_ request: HTTPRequest) async throws(HTTPFailure) {
    do {
      try await clock.sleep(until: request.deadline, tolerance: nil)
      try await clock.manual.sleep(until: request.deadline.advanced(by: .seconds(3600)), tolerance: nil)
    } catch {
      throw .cancelled(requestSent: true)
    }
    throw .timedOut(phase: .response, requestSent: true)
  }

  private func grant(_ request: HTTPRequest, _ changes: [JSONValue.Member]) throws(Refusal) -> JSONValue {
    let form = try form(of: request)
    try authenticate(form, request)
    let user: String?
    switch (form["grant_type"], form["assertion"]) {
    case (Self.jwtBearer, let assertion?): user = try self.user(of: assertion)
    case ("client_credentials", nil): user = nil
    default: throw Refusal(error: "unsupported_grant_type")
    }
    guard let scope = form["scope"], [people.agentScope, people.apiScope].contains(scope) else {
      throw Refusal(error: "invalid_scope")
    }
    return [
      "access_token": .string(tokens.accessToken(user: user, clientId: client.id, scope: scope, changes: changes)),
      "token_type": "Bearer",
      "expires_in": .number(JSONNumber(InProcessTokens.lifetimeSeconds)),
    ]
  }

  /// One form: nothing unknown, nothing twice, nothing empty.
  private func form(of request: HTTPRequest) throws(Refusal) -> [String: String] {
    let type = request.only("content-type") ?? ""
    guard type.hasPrefix("application/x-www-form-urlencoded") else {
      throw Refusal(error: "invalid_request", status: 415)
    }
    var form: [String: String] = [:]
    for field in String(decoding: request.body ?? [], as: UTF8.self).split(separator: "&") {
      let parts = field.split(separator: "=", maxSplits: 1).map { $0.replacing("+", with: " ").removingPercentEncoding }
      guard parts.count == 2, let name = parts[0], let value = parts[1], Self.fields.contains(name), form[name] == nil
      else { throw Refusal(error: "invalid_request") }
      form[name] = value
    }
    return form
  }

  /// In exactly one way.
  private func authenticate(_ form: [String: String], _ request: HTTPRequest) throws(Refusal) {
    let refused = Refusal(error: "invalid_client", status: 401)
    switch (form["client_assertion"], request.only("authorization")) {
    case (let assertion?, nil):
      guard form["client_assertion_type"] == Self.assertionType else { throw Refusal(error: "invalid_request") }
      guard try claims(signedIn: assertion, unregistered: refused)["sub"] == .string(client.id) else { throw refused }
    case (nil, let basic?):
      let expected = Base64.encode(Array("\(client.id):\(client.secret)".utf8), as: .standard)
      guard basic == "Basic \(expected)" else { throw refused }
    case (nil, nil), (_?, _?): throw refused
    }
    guard form["client_id"] ?? client.id == client.id else { throw refused }
  }

  private func user(of assertion: String) throws(Refusal) -> String {
    let claims =
      if let claims = tokens.claims(of: assertion, type: "IT") { claims } else {
        try claims(signedIn: assertion, unregistered: Refusal(error: "invalid_request"))
      }
    guard let name = claims["sub"]?.string, people.activeUser(name) != nil else {
      throw Refusal(error: "invalid_grant")
    }
    return name
  }

  /// The claims of an assertion of the client: signed with the registered key, for us, now, and only once.
  private func claims(signedIn assertion: String, unregistered: Refusal) throws(Refusal) -> JSONValue {
    let refused = Refusal(error: "invalid_request")
    guard let jwt = JWT(decoding: assertion), let dot = assertion.lastIndex(of: ".") else { throw refused }
    let header: JSONValue = [
      "alg": "RS256", "typ": "JWT", "kid": .string(client.alias),
      "x5t": .string(Base64.encode(client.certificate.sha1, as: .url)),
      "x5t#S256": .string(Base64.encode(client.certificate.sha256, as: .url)),
    ]
    guard Set(jwt.header.members ?? []) == Set(header.members ?? []) else { throw unregistered }
    let signature = try? client.key.signRS256(Array(assertion[..<dot].utf8))
    guard let signature, assertion[dot...].dropFirst() == Base64.encode(signature, as: .url) else { throw refused }
    let (claims, now) = (jwt.claims, tokens.now.seconds)
    guard claims["iss"] == .string(client.id), claims["aud"] == .string(InProcessTokens.issuer),
      let issued = claims["iat"]?.integer, let expires = claims["exp"]?.integer, let id = claims["jti"]?.string,
      issued <= now, expires > now, (1...300).contains(expires - issued),
      usedIDs.withLock({ $0.insert(id).inserted })
    else { throw refused }
    return claims
  }
}

extension JSONValue {
  fileprivate var integer: Int64? {
    guard case .number(let number) = self else { return nil }
    return number.integer()
  }
}
