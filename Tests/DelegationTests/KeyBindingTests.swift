import Delegation
import TestSupport
import Testing

struct KeyBindingTests {
  private let elsewhere = KeyBinding(identityDomainUrl: "https://somebody.example", clientId: "client-1")

  /// What another sidecar over the same store does: its own ring, the same items.
  private func other(_ bench: Bench) -> KeyService {
    Domain(ports: bench.ports, kind: Samples.kind) { (summary: "\($0)", hint: "") }.keys
  }

  @Test func aKeyIsBoundOnce() async throws {
    let bench = try await Bench(binding: nil)
    try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == Samples.binding)
    let refusal = PolicyFailure.keyBound(alias: "payables", to: Samples.binding, asked: elsewhere)
    await #expect(throws: Failure.policy(refusal)) {
      try await bench.keys.bind("payables", to: elsewhere, for: RecordingCaller())
    }
  }

  @Test func aBindingFixedByAnotherSidecarStays() async throws {
    let bench = try await Bench(binding: nil)
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == nil)
    try await other(bench).bind("payables", to: Samples.binding, for: RecordingCaller())
    let refusal = PolicyFailure.keyBound(alias: "payables", to: Samples.binding, asked: elsewhere)
    await #expect(throws: Failure.policy(refusal)) {
      try await bench.keys.bind("payables", to: elsewhere, for: RecordingCaller())
    }
    #expect(try await bench.keys.get("payables", deadline: .now).item.binding == Samples.binding)
  }

  @Test func aKeyMadeAnewByAnotherSidecarIsBoundWhole() async throws {
    let bench = try await Bench(binding: nil)
    _ = try await bench.keys.get("payables", deadline: .now)
    try await other(bench).delete("payables", for: RecordingCaller())
    let anew = KeyService.Creation(alias: "payables", commonName: "a much longer name than the one before")
    let made = try await other(bench).create(anew, for: RecordingCaller())
    try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    let kept = try await bench.keys.get("payables", deadline: .now).item
    #expect(kept.certificateDER == made.item.certificateDER)
    #expect(kept.binding == Samples.binding)
  }

  @Test func aKeyDeletedByAnotherSidecarIsNotFound() async throws {
    let bench = try await Bench(binding: nil)
    _ = try await bench.keys.get("payables", deadline: .now)
    try await other(bench).delete("payables", for: RecordingCaller())
    await #expect(throws: Failure.key(.notFound(alias: "payables"))) {
      try await bench.keys.bind("payables", to: Samples.binding, for: RecordingCaller())
    }
  }
}
