import Foundation
import Glibc
import JSONRPC
import Testing

/// The transport over real pipes.
@Suite(.timeLimit(.minutes(1))) struct StdioTransportTests {
  /// A session whose client is the test: two pipes, one each way.
  private final class Session: Sendable {
    let stage = Stage()
    let toServer: Int32
    let fromServer: Int32
    private let serverInput: Int32
    private let serverOutput: Int32
    private let ending: Task<Ending, any Error>

    init(_ limits: Limits = .standard) throws {
      var down: [Int32] = [-1, -1]
      var up: [Int32] = [-1, -1]
      try #require(pipe(&down) == 0 && pipe(&up) == 0)
      (serverInput, toServer, fromServer, serverOutput) = (down[0], down[1], up[0], up[1])
      let transport = try StdioTransport(input: down[0], output: up[1])
      let server = Server(routes: testRoutes, context: stage, limits: limits, output: transport)
      ending = Task { try await transport.run(server) }
    }

    deinit {
      close(serverInput)
      close(serverOutput)
    }

    func send(_ text: String) {
      let bytes = Array(text.utf8)
      #expect(write(toServer, bytes, bytes.count) == bytes.count)
    }

    /// Returns when that many lines are there, or nothing more comes.
    func receive(lines count: Int) async -> [String] { await onThread { self.receiveBlocking(count) } }

    private func receiveBlocking(_ count: Int) -> [String] {
      var received: [UInt8] = []
      var missing = count
      var buffer = [UInt8](repeating: 0, count: 64 << 10)
      while missing > 0 {
        let length = read(fromServer, &buffer, buffer.count)
        guard length > 0 else { break }
        received += buffer[..<length]
        missing -= buffer[..<length].count { $0 == UInt8(ascii: "\n") }
      }
      return String(decoding: received, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func end() async throws -> Ending { try await ending.value }
  }

  @Test func answersAndEndsWithItsInput() async throws {
    let session = try Session()
    session.send(request("1", "ping") + "\n")
    #expect(await session.receive(lines: 1) == [result("1", #""pong""#)])
    close(session.toServer)
    #expect(try await session.end() == .endOfInput)
    close(session.fromServer)
  }

  @Test func largeAnswersPassAPipeThatIsReadSlowly() async throws {
    let session = try Session()
    let size = 3 << 20
    for id in 1...3 { session.send(request("\(id)", "fill", #"{"bytes":\#(size)}"#) + "\n") }
    session.send(request("4", "ping") + "\n")
    close(session.toServer)
    let large = (1...3).map { result("\($0)", "\"\(String(repeating: "x", count: size))\"") }
    #expect(await session.receive(lines: 4) == large + [result("4", #""pong""#)])
    #expect(try await session.end() == .endOfInput)
    close(session.fromServer)
  }

  @Test func aFloodThatIsReadLateLosesNothing() async throws {
    var limits = Limits()
    limits.maximumOutboundBytes = 100_000
    let session = try Session(limits)
    // Far more than both pipes, the outbox and the requests in flight hold.
    let count = 20_000
    async let writing: Void = onThread {
      for id in 1...count { session.send(request("\(id)", "fill", #"{"bytes":100}"#) + "\n") }
      close(session.toServer)
    }
    let expected = Set((1...count).map { result("\($0)", "\"\(String(repeating: "x", count: 100))\"") })
    let lines = await session.receive(lines: count)
    #expect(lines.count == count)
    #expect(lines.first { !expected.contains($0) } == nil)
    #expect(Set(lines).count == count)
    await writing
    #expect(try await session.end() == .endOfInput)
    close(session.fromServer)
  }

  @Test func aBrokenOutputEndsTheSession() async throws {
    let session = try Session()
    close(session.fromServer)
    session.send(request("1", "ping") + "\n")
    #expect(try await session.end() == .outputBroken)
    close(session.toServer)
  }

  @Test func exitEndsTheSessionWhileTheInputStaysOpen() async throws {
    let session = try Session()
    session.send(request("1", "shutdown") + "\n" + notification("exit") + "\n")
    #expect(try await session.end() == .exitAfterShutdown)
    close(session.toServer)
    close(session.fromServer)
  }

  @Test func leavesTheDescriptorsAsTheyAre() async throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let transport = try StdioTransport(input: ends[0], output: ends[1])
    _ = transport.writeAtOnce([10])
    for end in ends {
      #expect(fcntl(end, F_GETFL, 0) & O_NONBLOCK == 0)
      close(end)
    }
  }

  @Test func writesAtOnceOnlyWhatCannotBlock() async throws {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    defer { for end in ends { close(end) } }
    let transport = try StdioTransport(input: ends[0], output: ends[1])
    #expect(transport.writeAtOnce([UInt8](repeating: 10, count: 5000)) == .wrote(0))
    var written = 0
    while case .wrote(let count) = transport.writeAtOnce([UInt8](repeating: 10, count: 4096)), count > 0 {
      written += count
    }
    // A pipe of Linux holds 64 KiB: it is full, and nobody is stuck in it.
    #expect(written == 64 << 10)
  }
}

/// Runs what blocks on a thread of its own: Swift's own are as few as the machine's cores, and the server needs them.
private func onThread<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async -> Value {
  await withCheckedContinuation { continuation in
    Thread.detachNewThread { continuation.resume(returning: work()) }
  }
}
