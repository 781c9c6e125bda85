/// Where the answer of a request goes.
enum Slot: Sendable {
  case alone
  case part(of: Batch, place: Int)
}

/// Writes answers as messages, none larger than a message may be.
struct Replies: Sendable {
  let outbox: Outbox
  let limits: Limits

  /// - Parameter objection: what takes the place of a result; asked under the lock of the outbox or the batch.
  func reply(
    to id: RequestID?,
    _ answer: Answer,
    in slot: Slot = .alone,
    unless objection: () -> ResponseError? = { nil }
  ) {
    let tooLarge = { Answer.error(.resultTooLarge(limit: limits.maximumMessageBytes)).response(to: id) }
    let response = answer.response(to: id)
    let message = response.count <= limits.maximumMessageBytes ? response : tooLarge()
    let refusal: () -> [UInt8]? = {
      answer.error == nil ? objection().map { Answer.error($0).response(to: id) } : nil
    }
    switch slot {
    case .alone: outbox.send(message, unless: refusal)
    case .part(let batch, let place):
      if let whole = batch.fill(place, with: message, unless: refusal, orElse: tooLarge) { outbox.send(whole) }
    }
  }
}
