import Delegation

/// The reader's end of a transfer, which ends with it.
final class CurlBody: HTTPBody {
  private let id: UInt64
  private let channel: BodyChannel
  private let loop: TransferLoop

  init(_ id: UInt64, _ channel: BodyChannel, _ loop: TransferLoop) {
    self.id = id
    self.channel = channel
    self.loop = loop
  }

  deinit { close() }

  func next() async throws(HTTPFailure) -> [UInt8]? {
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { reader in
        if channel.read(reader) { loop.goOn(id) }
        // A task cancelled before this line had its handler run when nobody was waiting yet.
        if Task.isCancelled { close() }
      }
    } onCancel: {
      close()
    }
    return try outcome.get()
  }

  func close() { if channel.close() { loop.cancel(id) } }
}
