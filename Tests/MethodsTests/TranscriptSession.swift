import Delegation
import JSON
import OpenSSLKeys
import ProtocolKit
import TestSupport
import Testing

extension Repository {
  /// The repository these tests were built from.
  static var working: Repository {
    let folders = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return Repository(root: folders.dropLast(3).joined(separator: "/"))
  }
}

/// What one transcript takes as given, made of the fixtures.
struct TranscriptSession {
  private let fixtures: Fixtures
  private let given: Transcript.Given
  private let clock = PatientClock(ManualClock())
  private let network: InProcessSandbox
  let placeholders: Placeholders

  init(_ given: Transcript.Given, _ fixtures: Fixtures, in repository: Repository) throws {
    self.fixtures = fixtures
    self.given = given
    let people = try SandboxPeople(in: repository)
    let tokens = try InProcessTokens(now: InProcessSidecar.wallClock.now())
    var values = fixtures.placeholders
    for (name, file) in fixtures.files {
      values[name] = String(decoding: try repository.read("protocol/vectors/transcripts/\(file)"), as: UTF8.self)
    }
    func value(_ name: String) throws -> String { try #require(values[name], "there is no placeholder \(name)") }
    let keys = OpenSSLSigningKeys()
    let client = InProcessDomain.Client(
      id: try value("clientId"),
      secret: try value("clientSecret"),
      alias: "payables",
      certificate: try keys.certificate(keys.certificates(pem: Array(value("payablesCertificatePem").utf8))[0]),
      key: try keys.open(pem: SecretBytes(copying: Array(value("payablesKeyPem").utf8)))
    )
    let faults = try given.faults.map { try Fault(try #require(fixtures.faults[$0])) }
    try #require(faults.count <= 1 && (given.sandbox || faults.isEmpty))
    network = InProcessSandbox(
      domain: given.sandbox
        ? InProcessDomain(
          origin: try value("identityDomainUrl"),
          client: client,
          people: people,
          tokens: tokens,
          fault: faults.first,
          clock: clock
        ) : nil,
      pod: given.sandbox
        ? InProcessPod(origin: try value("fusionUrl"), people: people, tokens: tokens, fault: faults.first) : nil
    )
    values["store"] = "memory"
    values["userToken"] = tokens.idToken(user: "curtis.feitty", clientId: client.id)
    placeholders = Placeholders(values)
  }

  /// Ready for the first message.
  func sidecar() async throws -> InProcessSidecar {
    let profiles = given.profiles.map { JSONValue.Member($0, placeholders.filling(fixtures.profiles[$0] ?? .null)) }
    let file = InMemoryGuardedFile(
      "/config.json",
      bytes: JSONValue.object([.init("profiles", .object(profiles))]).serialized()
    )
    let store = try await store()
    let stores = StoresInMemory(
      own: store,
      otherName: try #require(fixtures.placeholders["otherStore"]),
      passphraseFile: try #require(fixtures.placeholders["otherPassphraseFile"])
    )
    let policy = try given.policy.map { name in
      InMemoryGuardedFile("/policy.json", bytes: try #require(fixtures.policies[name]).serialized())
    }
    return InProcessSidecar(
      isAdmin: given.admin,
      store: store,
      stores: stores,
      profileFile: file,
      policyFile: policy,
      http: network,
      clock: clock
    )
  }

  private func store() async throws -> any SecretStore {
    guard given.store == "working" else {
      try #require(given.store == "unreachable" && given.keys.isEmpty)
      return UnreachableStore()
    }
    let store = SealedStore()
    let nobody = InProcessSandbox(domain: nil, pod: nil)
    let person = InProcessSidecar(isAdmin: true, store: store, http: nobody)
    for key in given.keys {
      let request = placeholders.filling(try #require(fixtures.keys[key])).members ?? []
      person.send(JSONValue.object([.init("jsonrpc", "2.0"), .init("id", .string(key))] + request).serialized())
      let answer = try JSONValue(parsing: await person.receive())
      try #require(answer["result"]?["alias"] == .string(key), "\(answer.text)")
    }
    try #require(await person.close().isEmpty)
    return store
  }
}
