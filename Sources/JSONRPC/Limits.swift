/// What a session is willing to hold. `initialize` advertises these numbers.
package struct Limits: Sendable, Equatable {
  /// One message in either direction, in bytes. 16 MiB holds a document in a request body and is read in a blink.
  package var maximumMessageBytes = 16 << 20

  /// Arrays and objects inside one another. Real requests stay below 20; a reader's stack must not be theirs to fill.
  package var maximumNesting = 128

  /// The header block of one message, in bytes. LSP clients send about 30.
  package var maximumHeaderBytes = 8 << 10

  /// Requests accepted whose work has not ended. Above it lies a client that does not wait for answers.
  package var maximumInFlight = 10_000

  /// Elements of one batch. A batch is answered in one piece, so its answers are held together.
  package var maximumBatch = 100

  /// Answers waiting for the client to read, in bytes. Above it no new work is started.
  package var maximumOutboundBytes = 64 << 20

  package static let standard = Limits()

  package init() {}
}
