import CCurl
import Delegation
import Glibc

/// What the loop's thread does. Every call into libcurl's multi interface is made here, on that one thread.
final class TransferEngine {
  private let loop: TransferLoop
  /// There is one while there are transfers, and for the idle time after; an idle sidecar holds no connection.
  private var multi: MultiHandle?
  private var idleSince: ContinuousClock.Instant?
  private var transfers: [UInt64: Transfer] = [:]
  /// Jobs that wait for the lookup of their host.
  private var waiting: [UInt64: Job] = [:]
  private var gate = LookupGate()
  /// No transfer can have been silent for too long before.
  private var nextSilence: ContinuousClock.Instant?

  init(_ loop: TransferLoop) {
    self.loop = loop
    DescriptorLimit.raise()
    curl_global_init(Int(CURL_GLOBAL_DEFAULT))
  }

  /// Returns when the loop has been stopped.
  func run() {
    while true {
      let (orders, isStopped) = loop.takeOrders()
      for order in orders { obey(order) }
      guard !isStopped else { return endAll() }
      multi?.perform { easy, code in finish(easy, code) }
      noteLookups()
      expireWaiting()
      expireSilent()
      rest()
    }
  }

  private func obey(_ order: TransferLoop.Order) {
    switch order {
    case .start(let job):
      guard let name = job.request.lookupName else { return begin(job) }
      if gate.enter(job.id, name, now: .now) { begin(job) } else { waiting[job.id] = job }
    case .goOn(let id):
      guard let transfer = transfers[id] else { return }
      let code = transfer.goOn()
      if code != CURLE_OK { finish(transfer.handle, code) }
    case .cancel(let id):
      if let transfer = transfers[id] {
        end(transfer, transfer.cancelled, lookup: .abandoned)
      } else if let job = withdraw(id) {
        job.fail(.cancelled(requestSent: false))
      }
    }
  }

  // MARK: Transfers

  private func begin(_ job: Job) {
    do throws(HTTPFailure) {
      let transfer = try Transfer.make(job)
      transfers[job.id] = transfer
      try multiHandle().add(transfer.handle)
      if let time = job.request.idleTimeout { lookForSilence(by: .now + time) }
    } catch {
      transfers[job.id] = nil
      if let name = job.request.lookupName { release(gate.end(job.id, name, .notBegun, now: .now), failure: error) }
      job.fail(error)
    }
  }

  private func multiHandle() throws(HTTPFailure) -> MultiHandle {
    if let multi { return multi }
    let made = try MultiHandle()
    multi = made
    return made
  }

  private func finish(_ easy: UnsafeMutableRawPointer, _ code: CURLcode) {
    guard let transfer = Transfer.of(easy) else { return }
    let lookupFailed = code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY
    end(transfer, transfer.conclusion(code), lookup: lookupFailed ? .failed : .abandoned)
  }

  /// `lookup` is what became of the lookup should the transfer still have been at it.
  private func end(
    _ transfer: Transfer,
    _ conclusion: Transfer.Conclusion,
    lookup: LookupGate.Outcome
  ) {
    let job = transfer.job
    multi?.remove(transfer.handle)
    transfers[job.id] = nil
    if let name = job.request.lookupName {
      let ended = gate.end(job.id, name, transfer.phase == .resolve ? lookup : .found, now: .now)
      release(ended, failure: conclusion.failure)
    }
    conclusion.tell()
  }

  private func endAll() {
    for transfer in Array(transfers.values) { end(transfer, transfer.cancelled, lookup: .abandoned) }
    for job in waiting.values { job.fail(.cancelled(requestSent: false)) }
    waiting = [:]
  }

  // MARK: Silence

  private func lookForSilence(by instant: ContinuousClock.Instant) {
    nextSilence = nextSilence.map { min($0, instant) } ?? instant
  }

  /// Looks at all transfers, but not before the first of them can have been silent for too long.
  private func expireSilent() {
    let now = ContinuousClock.now
    guard let due = nextSilence, due <= now else { return }
    nextSilence = nil
    for transfer in Array(transfers.values) {
      guard let time = transfer.job.request.idleTimeout else { continue }
      guard let end = transfer.silenceEnds(now) else {
        lookForSilence(by: now + time)
        continue
      }
      if end <= now { self.end(transfer, transfer.silent, lookup: .abandoned) } else { lookForSilence(by: end) }
    }
  }

  // MARK: Lookups

  private func noteLookups() {
    for (name, id) in gate.leaders where transfers[id].map({ $0.phase != .resolve }) ?? false {
      release(gate.end(id, name, .found, now: .now), failure: nil)
    }
    release(gate.reclaim(now: .now), failure: nil)
  }

  private func release(_ released: LookupGate.Release, failure: HTTPFailure?) {
    for id in released.failed {
      waiting.removeValue(forKey: id)?.fail(failure ?? .unreachable(found: "the host was not found"))
    }
    for id in released.started {
      if let job = waiting.removeValue(forKey: id) { begin(job) }
    }
  }

  private func expireWaiting() {
    let now = ContinuousClock.now
    for job in waiting.values where job.request.connectDeadline <= now {
      _ = withdraw(job.id)
      job.fail(.timedOut(phase: .resolve, requestSent: false))
    }
  }

  private func withdraw(_ id: UInt64) -> Job? {
    guard let job = waiting.removeValue(forKey: id) else { return nil }
    if let name = job.request.lookupName { gate.withdraw(id, name) }
    return job
  }

  // MARK: Waiting

  /// Waits for the network, an order, a deadline of our own or the end of the idle time.
  private func rest() {
    let now = ContinuousClock.now
    guard let multi else { return loop.wakeup.wait() }
    if transfers.isEmpty && waiting.isEmpty {
      let since = idleSince ?? now
      idleSince = since
      if now - since >= loop.idleTime {
        self.multi = nil
        gate.forgetNames()
        idleSince = nil
        return
      }
      multi.poll(loop.wakeup.descriptor, atMost: loop.idleTime - (now - since))
    } else {
      idleSince = nil
      let next = [waiting.values.lazy.map(\.request.connectDeadline).min(), gate.nextReclaim, nextSilence]
        .compactMap(\.self).min()
      multi.poll(loop.wakeup.descriptor, atMost: next.map { $0 - now } ?? .seconds(60))
    }
  }
}
