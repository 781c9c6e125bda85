import Delegation
import Testing

@testable import CurlHTTP

/// The bytes of a body, between the loop and their reader.
@Suite struct BodyChannelTests {
  private let channel = BodyChannel()

  private func take(_ count: Int, of byte: UInt8 = 0x78) -> Bool {
    [UInt8](repeating: byte, count: count).withUnsafeBytes { channel.take($0) }
  }

  private func read() async -> (outcome: BodyChannel.Outcome, goesOn: Bool) {
    var goesOn = false
    let outcome = await withCheckedContinuation { goesOn = channel.read($0) }
    return (outcome, goesOn)
  }

  @Test func holdsItsCapacityAndNoMore() async throws {
    #expect(take(BodyChannel.capacity - 1))
    #expect(take(1))
    #expect(!take(1))
    #expect(!take(1))
    let (outcome, goesOn) = await read()
    #expect(try outcome.get()?.count == BodyChannel.capacity)
    #expect(goesOn)
    #expect(take(1))
    #expect(await read().goesOn == false, "nothing was refused since")
  }

  @Test func onePieceMayBeLarger() {
    #expect(take(BodyChannel.capacity + 1))
    #expect(!take(1))
  }

  @Test func joinsWhatWaits() async throws {
    for byte in [0x61, 0x62, 0x63] as [UInt8] { #expect(take(1, of: byte)) }
    #expect(try await read().outcome.get() == Array("abc".utf8))
  }

  @Test func theEndComesBehindTheBytes() async throws {
    #expect(take(3))
    channel.end(.broken(found: "cut", requestSent: true))
    channel.end(nil)
    #expect(try await read().outcome.get()?.count == 3)
    for _ in 0..<2 {
      await #expect(throws: HTTPFailure.broken(found: "cut", requestSent: true)) { try await read().outcome.get() }
    }
  }

  @Test func closingDropsWhatWasNotRead() async {
    #expect(take(3))
    #expect(channel.close())
    #expect(take(BodyChannel.capacity * 2), "what still comes goes nowhere, and holds nothing up")
    channel.end(nil)
    #expect(!channel.close())
    await #expect(throws: HTTPFailure.cancelled(requestSent: true)) { try await read().outcome.get() }
  }

  @Test func closingBehindTheEndChangesNothing() async throws {
    channel.end(nil)
    #expect(!channel.close())
    #expect(try await read().outcome.get() == nil)
  }
}
