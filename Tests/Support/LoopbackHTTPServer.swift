package import Delegation
import Foundation
import Glibc
import Synchronization

/// An HTTP server on 127.0.0.1 whose every byte a test decides.
///
/// Each connection has a thread that reads a request, asks the script what to do and does it. Nothing sleeps: a step
/// ends when the system has done it, when the peer has gone or when the server is stopped.
package final class LoopbackHTTPServer: Sendable {
  package struct Request: Sendable {
    /// Counted from 0 in order of acceptance.
    package let connection: Int
    /// Counted from 0 within its connection.
    package let index: Int
    package let head: String
    package let body: [UInt8]

    package var requestLine: String { head.components(separatedBy: "\r\n")[0] }

    /// The header lines, in order, as they came.
    package var headerLines: [String] { head.components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty } }
  }

  package enum Step: Sendable {
    case send([UInt8])
    /// One system call and one packet for each byte.
    case drip([UInt8])
    /// Sends this block again and again until the peer has gone.
    case sendForever([UInt8])
    /// Sends so many bytes of 0, 1, … 126, 0, 1, … and tells how many it has sent when the peer takes no more for 300 ms.
    /// Goes on when all are sent or the peer has gone.
    case push(count: Int, stalled: @Sendable (Int) -> Void)
    /// Goes on when the condition is met.
    case wait(@Sendable () -> Void)
    /// Goes on when the peer has closed the connection.
    case waitForPeerToClose
    /// Passes bytes on, both ways, to and from a port of 127.0.0.1 until one side ends: what a CONNECT proxy does.
    case tunnel(port: Int)
    case close
    /// Closes with a TCP reset.
    case reset
  }

  package typealias Script = @Sendable (Request) -> [Step]

  private struct State {
    var connections: [Int32] = []
    var requests: [Request] = []
    var accepted = 0
    var isStopped = false
  }

  package let port: Int
  private let listener: Int32
  private let script: Script
  private let state = Mutex(State())

  /// `accepted` is told of every connection, before anything is read from it.
  package init(accepted: @escaping @Sendable () -> Void = {}, _ script: @escaping Script) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = Self.address(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 4096) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(.EADDRINUSE) }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    self.script = script
    Thread.detachNewThread { self.acceptConnections(accepted) }
  }

  package var origin: Origin { Origin(scheme: .http, host: "127.0.0.1", port: port) }
  package var acceptedConnections: Int { state.withLock { $0.accepted } }
  package var requests: [Request] { state.withLock { $0.requests } }

  /// Ends every connection and the server.
  package func stop() {
    state.withLock { state in
      state.isStopped = true
      for connection in state.connections { shutdown(connection, Int32(SHUT_RDWR)) }
      shutdown(listener, Int32(SHUT_RDWR))
    }
  }

  private func acceptConnections(_ accepted: () -> Void) {
    while true {
      let connection = accept(listener, nil, nil)
      guard connection >= 0 else { break }
      let number = state.withLock { state -> Int? in
        guard !state.isStopped else { return nil }
        state.connections.append(connection)
        state.accepted += 1
        return state.accepted - 1
      }
      guard let number else {
        close(connection)
        break
      }
      accepted()
      Thread.detachNewThread { self.serve(connection, number: number) }
    }
    close(listener)
  }

  private func serve(_ connection: Int32, number: Int) {
    defer {
      state.withLock { $0.connections.removeAll { $0 == connection } }
      close(connection)
    }
    var reader = RequestReader(connection)
    var index = 0
    while let (head, body) = reader.next() {
      let request = Request(connection: number, index: index, head: head, body: body)
      state.withLock { $0.requests.append(request) }
      for step in script(request) {
        guard perform(step, on: connection) else { return }
      }
      index += 1
    }
  }

  /// False when the connection shall end.
  private func perform(_ step: Step, on connection: Int32) -> Bool {
    switch step {
    case .send(let bytes): return write(bytes, to: connection)
    case .drip(let bytes): return bytes.allSatisfy { write([$0], to: connection) }
    case .sendForever(let bytes):
      while write(bytes, to: connection) {}
      return false
    case .push(let count, let stalled):
      push(count, to: connection, stalled)
      return true
    case .wait(let condition):
      condition()
      return true
    case .waitForPeerToClose:
      var byte: UInt8 = 0
      while recv(connection, &byte, 1, 0) > 0 {}
      return true
    case .tunnel(let port):
      tunnel(connection, port)
      return false
    case .close: return false
    case .reset:
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      return false
    }
  }

  private func push(_ count: Int, to connection: Int32, _ stalled: (Int) -> Void) {
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    var sent = 0
    while sent < count {
      let block = Self.counting(from: sent, count: min(64 << 10, count - sent))
      let written = Glibc.send(connection, block, block.count, flags)
      if written > 0 {
        sent += written
        continue
      }
      guard errno == EAGAIN else { return }
      var room = pollfd(fd: connection, events: Int16(POLLOUT), revents: 0)
      if poll(&room, 1, 300) == 0 { stalled(sent) }
    }
  }

  /// The bytes of `push` from a position on.
  package static func counting(from start: Int, count: Int) -> [UInt8] {
    let offset = start % 127
    return Array(numbers[offset..<offset + count])
  }

  private static let numbers = (0..<(512 << 10)).map { UInt8($0 % 127) }

  private func tunnel(_ connection: Int32, _ port: Int) {
    let target = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { Glibc.close(target) }
    var address = Self.address(port: port)
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(target, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { return }
    let bothEnded = Barrier(2)
    Thread.detachNewThread {
      self.pump(target, connection)
      bothEnded.arriveAndWait()
    }
    pump(connection, target)
    bothEnded.arriveAndWait()
  }

  private func pump(_ source: Int32, _ sink: Int32) {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = recv(source, &chunk, chunk.count, 0)
      guard count > 0, write(Array(chunk.prefix(count)), to: sink) else { break }
    }
    shutdown(source, Int32(SHUT_RDWR))
    shutdown(sink, Int32(SHUT_RDWR))
  }

  private static func address(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = in_port_t(port).bigEndian
    return address
  }

  private func write(_ bytes: [UInt8], to connection: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let flags = Int32(MSG_NOSIGNAL)
      let count = bytes[sent...].withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, flags) }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }
}

extension LoopbackHTTPServer.Step {
  /// A whole answer with a `Content-Length`.
  package static func answer(
    _ status: String = "200 OK",
    headers: [String] = [],
    body: String = ""
  ) -> LoopbackHTTPServer.Step {
    let head = ["HTTP/1.1 \(status)"] + headers + ["Content-Length: \(body.utf8.count)", "", ""]
    return .text(head.joined(separator: "\r\n") + body)
  }

  package static func text(_ text: String) -> LoopbackHTTPServer.Step { .send(Array(text.utf8)) }
}
