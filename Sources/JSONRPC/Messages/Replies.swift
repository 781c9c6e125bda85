/// Where the answer of a request goes.
enum Slot: Sendable {
  case alone
  case part(of: Batch, place: Int)
}

/// Writes answers as messages, none larger than a message may be.
struct Replies: Sendable {
  let outbox: Outbox
  let limits: Limits
  /// As in `Dialect`.
  let writesNullID: Bool

  /// - Parameter objection: what takes the place of a result; asked under the lock of the outbox or the batch.
  func reply(
    to id: RequestID?,
    _ answer: Answer,
    in slot: Slot = .alone,
    unless objection: () -> ResponseError? = { nil }
  ) {
    let response = { (answer: Answer) in answer.response(to: id, orNull: writesNullID) }
    let tooLarge = { response(.error(.resultTooLarge(limit: limits.maximumMessageBytes))) }
    let message = response(answer)
    let fitting = message.count <= limits.maximumMessageBytes ? message : tooLarge()
    let refusal: () -> [UInt8]? = { answer.error == nil ? objection().map { response(.error($0)) } : nil }
    switch slot {
    case .alone: outbox.send(fitting, unless: refusal)
    case .part(let batch, let place):
      if let whole = batch.fill(place, with: fitting, unless: refusal, orElse: tooLarge) { outbox.send(whole) }
    }
  }
}
