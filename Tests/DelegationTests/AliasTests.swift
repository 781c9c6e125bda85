import Delegation
import TestSupport
import Testing

/// Who gets an alias when two want it.
@Suite struct AliasTests {
  private let store = MemoryStore()

  private func service(_ keys: any SigningKeys) -> KeyService {
    let audit = InMemoryAudit()
    let ports = Ports(
      store: store,
      keys: keys,
      digests: PlainDigests(),
      signatures: PlainSignatures(),
      http: ScriptedHTTP(),
      probe: ScriptedProbe(),
      profileFile: InMemoryGuardedFile("/config.json"),
      policyFile: nil,
      audit: audit,
      auditArchive: audit,
      wallClock: FixedWallClock(),
      clock: ManualClock(),
      random: CountingRandomness()
    )
    return Domain(ports: ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
  }

  private func given(_ text: String) -> KeyImport {
    KeyImport(
      alias: "payables",
      material: KeyMaterial(.pem, text: SecretBytes(copying: text.utf8), passphrase: SecretBytes(copying: []))
    )
  }

  @Test func aTakenAliasIsRefusedBeforeTheKeyIsLookedAt() async throws {
    let keys = service(PlainKeys())
    _ = try await keys.importKey(given("a key"), for: RecordingCaller())
    let later = service(KeysThatDo { Issue.record("the key was looked at") })
    await #expect(throws: Failure.key(.exists(alias: "payables"))) {
      _ = try await later.importKey(given("another"), for: RecordingCaller())
    }
  }

  @Test func whoeverTakesItMeanwhileKeepsIt() async throws {
    let item = SecretItem(.key, "payables")
    let theirs: [UInt8] = Array("theirs".utf8)
    let keys = service(
      KeysThatDo { [store] in
        try? store.write(
          item,
          secret: SecretBytes(copying: theirs),
          publicAttributes: [:],
          replacing: false,
          deadline: .now
        )
      }
    )
    await #expect(throws: Failure.key(.exists(alias: "payables"))) {
      _ = try await keys.importKey(given("a key"), for: RecordingCaller())
    }
    let kept = store.read(item, deadline: .now)
    #expect(kept?.withUnsafeBytes { Array($0) } == theirs)
  }
}

/// `PlainKeys` that do something while a key is unpacked.
private struct KeysThatDo: SigningKeys {
  private let plain = PlainKeys()
  private let action: @Sendable () -> Void

  init(_ action: @escaping @Sendable () -> Void) { self.action = action }

  func unpack(_ material: borrowing KeyMaterial) throws(KeyFailure) -> UnpackedKey {
    action()
    return try plain.unpack(material)
  }

  func generate(bits: Int) throws(KeyFailure) -> SecretBytes { try plain.generate(bits: bits) }
  func open(pem: borrowing SecretBytes) throws(KeyFailure) -> any SigningKey { try plain.open(pem: pem) }
  func certificate(_ der: [UInt8]) throws(KeyFailure) -> Certificate { try plain.certificate(der) }
  func certificates(pem: [UInt8]) throws(KeyFailure) -> [[UInt8]] { try plain.certificates(pem: pem) }

  func selfSign(_ request: CertificateRequest, with key: any SigningKey) throws(KeyFailure) -> [UInt8] {
    try plain.selfSign(request, with: key)
  }
}
