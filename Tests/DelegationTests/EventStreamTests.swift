import Foundation
import JSON
import TestSupport
import Testing

@testable import Delegation

/// protocol/vectors/streams, and what must hold for any stream.
struct EventStreamTests {
  @Test(arguments: try StreamVector.all)
  func isReadAsTheVectorSays(_ vector: StreamVector) throws {
    let reading = Reading([vector.bytes])
    if let data = vector.data { #expect(reading.data == data.map { Array($0.utf8) }) }
    #expect(reading.isMalformed == (vector.problem == "malformed"))
    if let run = vector.run { #expect(reading.run == run, "\(vector.name)") }
  }

  @Test(arguments: try StreamVector.all)
  func everyCutGivesTheSame(_ vector: StreamVector) throws {
    let whole = Reading([vector.bytes])
    for end in 0...vector.bytes.count {
      let pieces = [Array(vector.bytes[..<end]), Array(vector.bytes[end...])]
      #expect(Reading(pieces) == whole, "\(vector.name), cut at \(end)")
    }
    #expect(Reading(vector.bytes.map { [$0] }) == whole, "\(vector.name), byte by byte")
  }

  @Test(arguments: 0..<200)
  func manyCutsGiveTheSame(_ seed: Int) throws {
    var random = SeededRandom(seed)
    let vectors = try StreamVector.all
    let bytes = vectors[random.next(vectors.count)].bytes
    var pieces: [[UInt8]] = [[]]
    for byte in bytes {
      if random.next(8) == 0 { pieces.append([]) }
      pieces[pieces.count - 1].append(byte)
    }
    #expect(Reading(pieces) == Reading([bytes]))
  }

  @Test(arguments: [
    ("data: 12345678\n\n", true), ("data: 123456789\n\n", true), ("data: 1234567890\n\n", true),
    ("data: 12345678901\n\n", false), ("data: 12345\ndata: 1234\n\n", true),
    ("data: 1234567890\ndata: 12345\n\n", true), ("data: 1234567890\ndata: 123456\n\n", false),
    (": a comment that is long\n", false), (String(repeating: "x", count: 17), false),
    (String(repeating: "data\n", count: 17) + "\n", true), (String(repeating: "data\n", count: 18) + "\n", false),
    (String(repeating: "data: 1\n\n", count: 100), true),
  ])
  func whatIsHeldIsBounded(_ stream: String, _ isTaken: Bool) {
    let bytes = Array("data: 1\n\n\(stream)".utf8)
    let whole = Reading([bytes], maximumEventBytes: 16)
    #expect(whole.isTooLarge != isTaken)
    #expect(whole.data.first == Array("1".utf8), "what came before is there")
    for end in 0...bytes.count {
      #expect(Reading([Array(bytes[..<end]), Array(bytes[end...])], maximumEventBytes: 16) == whole)
    }
  }

  /// A line that grows by a byte with each piece is not copied with each.
  @Test func aLongLineOfSmallPiecesIsRead() throws {
    var decoder = EventStreamDecoder()
    decoder.push(Array("data: ".utf8))
    for _ in 0..<200_000 { decoder.push([UInt8(ascii: "x")]) }
    decoder.push(Array("\n\n".utf8))
    #expect(try decoder.next()?.count == 200_000)
  }
}

struct StreamVector: Decodable, Sendable, CustomTestStringConvertible {
  let name: String
  let stream: String?
  let streamBase64: String?
  let data: [String]?
  let run: Run?
  let problem: String?

  /// What is known of a run when its stream has ended.
  struct Run: Decodable, Equatable {
    var jobId: String?
    var conversationId: String?
    var text: String
    var output: JSONValue?
    var finishReason: String?
    var pausedNode: String?
    var error: JSONValue?
    var isDone: Bool?
    var nodes: [Node]?

    struct Node: Decodable, Equatable {
      let code: String
      let type: String?
    }
  }

  var bytes: [UInt8] { stream.map { Array($0.utf8) } ?? Base64.decode((streamBase64 ?? "").utf8, as: .standard) ?? [] }
  var testDescription: String { name }

  static var all: [StreamVector] {
    get throws {
      let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "protocol/vectors/streams/streams.json")
      return try JSONReader.decode([StreamVector].self, from: Array(Data(contentsOf: file)), unknownMembers: .refused)
    }
  }
}

/// What is read of a stream that comes in pieces, event by event.
private struct Reading: Equatable {
  var data: [[UInt8]] = []
  var run = StreamVector.Run(text: "")
  var isMalformed = false
  var isTooLarge = false

  init(_ pieces: [[UInt8]], maximumEventBytes: Int = 16 << 20) {
    var decoder = EventStreamDecoder(maximumEventBytes: maximumEventBytes)
    do throws(EventTooLarge) {
      for piece in pieces {
        decoder.push(piece)
        try take(from: &decoder)
      }
      decoder.finish()
      try take(from: &decoder)
    } catch {
      isTooLarge = true
    }
  }

  private mutating func take(from decoder: inout EventStreamDecoder) throws(EventTooLarge) {
    while let data = try decoder.next() {
      self.data.append(data)
      guard !isMalformed, let event = try? ChatEvent(parsing: data) else {
        isMalformed = true
        continue
      }
      run.take(event)
    }
  }
}

extension StreamVector.Run {
  fileprivate mutating func take(_ event: ChatEvent) {
    jobId = event.jobId ?? jobId
    conversationId = event.conversationId ?? conversationId
    text += event.delta ?? ""
    output = event.output ?? output
    finishReason = event.finishReason ?? finishReason
    pausedNode = event.pausedNode ?? pausedNode
    error = event.error ?? error
    if event.isLast { isDone = true }
    if let node = event.node { nodes = (nodes ?? []) + [Node(code: node.code, type: node.type)] }
  }
}
