import JSON

/// The requests of a call as a Postman Collection v2.1, and the environment it is run in.
///
/// Postman replaces `{{name}}` wherever it stands in a request, and again in what it has put there. So nothing that
/// comes from elsewhere may bring such braces along.
struct PostmanCollection {
  private typealias Blank = ExportedRequests.Blank

  let collection: JSONValue
  let environment: JSONValue

  init(_ call: ExportedCall) throws(Failure) {
    let requests = call.requests
    try Self.requirePlain(requests.scope, of: requests.profile, field: "scope")
    try Self.requirePlain(requests.profile.clientId, of: requests.profile, field: "clientId")
    var items = [Self.tokenItem(requests)]
    if let run = requests.run { items += [Self.invokeItem(run), Self.statusItem(run)] }
    let deed = requests.run.map { "agent \($0.agent)" } ?? "access token"
    collection = [
      "info": [
        "name": .string("OnBehalf \(requests.profile.name): \(deed) as \(requests.subject.text)"),
        "description": Self.plain(Self.description(call)),
        "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
      ],
      "item": .array(items),
    ]
    environment = [
      "name": .string("OnBehalf \(requests.profile.name): \(requests.subject.text)"),
      "values": .array(Self.variables(call)),
      "_postman_variable_scope": "environment",
    ]
  }

  private static func requirePlain(_ text: String, of profile: Profile, field: String) throws(Failure) {
    guard zip(text.utf8, text.utf8.dropFirst()).contains(where: { $0 == (openingBrace, openingBrace) }) else { return }
    let problem = "holds {{, which Postman would replace; ask for the format curl"
    throw .profile(.invalid(profile: profile.name, field: field, problem: problem))
  }

  private static let openingBrace = UInt8(ascii: "{")

  private static func tokenItem(_ requests: ExportedRequests) -> JSONValue {
    let fields = requests.fields.map { field -> JSONValue in
      ["key": .string(field.name), "value": .string(field.value), "type": "text"]
    }
    var auth: JSONValue = ["type": "noauth"]
    if requests.blanks.contains(.clientSecret) {
      auth = [
        "type": "basic",
        "basic": [
          attribute("username", requests.profile.clientId), attribute("password", Blank.clientSecret.mark),
        ],
      ]
    }
    return item(
      PostmanScripts.tokenName,
      requests.token,
      at: "{{identityDomainUrl}}",
      auth: auth,
      body: ["mode": "urlencoded", "urlencoded": .array(fields)],
      tests: PostmanScripts.token(requests)
    )
  }

  private static func invokeItem(_ run: ExportedRequests.Run) -> JSONValue {
    let body = withoutDoubleBraces(run.invoke.body ?? [])
    return item(
      PostmanScripts.invokeName,
      run.invoke,
      at: "{{fusionUrl}}",
      body: ["mode": "raw", "raw": .string(body), "options": ["raw": ["language": "json"]]],
      tests: PostmanScripts.invoke
    )
  }

  private static func statusItem(_ run: ExportedRequests.Run) -> JSONValue {
    item(PostmanScripts.statusName, run.status, at: "{{fusionUrl}}", tests: PostmanScripts.status)
  }

  private static func item(
    _ name: String,
    _ request: HTTPRequest,
    at origin: String,
    auth: JSONValue = ["type": "noauth"],
    body: JSONValue? = nil,
    tests: [String]
  ) -> JSONValue {
    let isBasic = auth["type"] == "basic"
    let headers = (isBasic ? request.plainHeaders : request.headers).map { header -> JSONValue in
      ["key": .string(header.name), "value": .string(header.value)]
    }
    var members: [JSONValue.Member] = [
      .init("method", .string(request.method.rawValue)), .init("auth", auth), .init("header", .array(headers)),
    ]
    if let body { members.append(.init("body", body)) }
    members.append(.init("url", .string(origin + request.target)))
    return [
      "name": .string(name),
      "event": [
        [
          "listen": "test",
          "script": ["type": "text/javascript", "exec": .array(tests.map(JSONValue.string))],
        ]
      ],
      "protocolProfileBehavior": ["followRedirects": false, "disableCookies": true],
      "request": .object(members),
    ]
  }

  private static func attribute(_ key: String, _ value: String) -> JSONValue {
    ["key": .string(key), "value": .string(value), "type": "string"]
  }

  /// The same JSON in which no two opening braces meet. Two of them stand inside strings only.
  private static func withoutDoubleBraces(_ json: [UInt8]) -> String {
    var output: [UInt8] = []
    for byte in json {
      if byte == openingBrace, output.last == openingBrace {
        output += #"\u007b"#.utf8
      } else {
        output.append(byte)
      }
    }
    return String(decoding: output, as: UTF8.self)
  }

  private static func variables(_ call: ExportedCall) -> [JSONValue] {
    func variable(_ name: String, _ value: String, type: String) -> JSONValue {
      ["key": .string(name), "value": .string(value), "type": .string(type), "enabled": true]
    }
    let requests = call.requests
    let origins = [("identityDomainUrl", requests.domain.text), ("fusionUrl", requests.fusion.text)]
    let found = requests.run == nil ? [] : [Blank.jobId.rawValue, "conversationId", "polls"]
    return origins.map { variable($0.0, $0.1, type: "default") }
      + requests.blanks.map { variable($0.rawValue, call.assertions[$0] ?? "", type: "secret") }
      + [variable(Blank.accessToken.rawValue, "", type: "secret")]
      + found.map { variable($0, "", type: "default") }
  }

  /// Not as Markdown, in which a name could show an image.
  private static func plain(_ text: String) -> JSONValue { ["content": .string(text), "type": "text/plain"] }

  private static func description(_ call: ExportedCall) -> String {
    let profile = call.requests.profile
    var text = [
      "The requests that onbehalf sends for profile \(profile.name), in order: import the environment beside the "
        + "collection, choose it, and run the collection."
    ]
    let missing = call.requests.blanks.filter { call.assertions[$0] == nil }.map(\.rawValue)
    if !missing.isEmpty { text.append("First fill in, in the environment: \(missing.joined(separator: ", ")).") }
    if let expiresAt = call.expiresAt {
      text.append("The assertions in the environment are good for one run, until \(expiresAt.rfc3339).")
    }
    if let caFile = profile.caFile { text.append("Trust \(caFile) in Postman's settings, under Certificates.") }
    if let proxy = profile.proxy { text.append("Set \(proxy) in Postman's settings, under Proxy.") }
    return text.joined(separator: " ")
  }
}
