/// Where the answer of a request goes.
enum Slot: Sendable {
  case alone
  case part(of: Batch, place: Int)
}

/// Writes answers as messages, none larger than a message may be.
struct Replies: Sendable {
  let outbox: Outbox
  let limits: Limits

  func reply(to id: RequestID?, _ answer: Answer, in slot: Slot = .alone) {
    let tooLarge = { Answer.error(.resultTooLarge(limit: limits.maximumMessageBytes)).response(to: id) }
    let response = answer.response(to: id)
    let message = response.count <= limits.maximumMessageBytes ? response : tooLarge()
    switch slot {
    case .alone: outbox.send(message)
    case .part(let batch, let place):
      if let whole = batch.fill(place, with: message, orElse: tooLarge) { outbox.send(whole) }
    }
  }
}
