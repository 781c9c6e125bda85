import JSON
import Synchronization

/// Keeps the requests to one identity domain's token endpoint within a rate, and gives the turns in a fair order.
///
/// Who cannot have a turn before their deadline is told at once. A 429 of the domain halves the rate, and what it says in
/// `Retry-After` is waited for by all. While nobody waits nothing runs here.
package final class RequestLimiter: Sendable {
  typealias Instant = ContinuousClock.Instant

  package struct Status: Sendable, Equatable {
    /// As they are now, with what 429s took of them.
    package let perSecond: Int
    package let perMinute: Int
    /// Of the rate the profiles name; 1 is all of it.
    package let share: Double
    package let queued: Int
    /// How long from now the domain is left alone, because it asked for it.
    package let pausedMs: Int
    /// Turns given since the process knows the domain.
    package let granted: Int
    /// Those that count for the limit of a minute.
    package let lastMinute: Int
  }

  /// How often those who wait are told how far it is.
  private static let reportInterval: Duration = .seconds(5)
  /// While somebody waits the rate is looked at so often: a profile may have changed.
  private static let longestSleep: Duration = .seconds(1)

  private struct Turn {
    let number: Int
    let began: Instant
    let hasWaited: Bool
  }

  private struct Waiter {
    let flight: Flight
    let since: Instant
    let continuation: CheckedContinuation<Result<Turn, Failure>, Never>
  }

  private struct State {
    var lastNumber = 0
    var turns = RequestTurns()
    var waiters: [Int: Waiter] = [:]
    /// When the queue is looked at next, and by whom. None while nobody waits.
    var alarm: (at: Instant, task: Task<Void, Never>)?
    var nextReport: Instant?
  }

  private let clock: any MonotonicClock
  private let rate: @Sendable () -> RateLimit
  private let state = Mutex(State())

  package init(clock: any MonotonicClock, rate: @escaping @Sendable () -> RateLimit) {
    self.clock = clock
    self.rate = rate
  }

  package var status: Status {
    let (rate, now) = (rate(), clock.now)
    return state.withLock { $0.turns.status(rate, at: now) }
  }

  /// Makes the request when it is this flight's turn, which departs then.
  ///
  /// - Throws: `.token(.heldBack)` when the turn would come after the flight's deadline; `.abandoned` when nobody waits
  ///   for it any more; what the request throws.
  func taking<Value>(
    _ lane: FairQueue.Lane,
    _ flight: Flight,
    _ request: () async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let turn = try await turn(in: lane, flight)
    do throws(Failure) {
      try flight.depart()
      if turn.hasWaited {
        flight.report("Its turn at the identity domain has come.", detail: ["state": "exchanging"])
      }
      let value = try await request()
      end(turn, nil)
      return value
    } catch {
      end(turn, error)
      throw error
    }
  }

  private func turn(in lane: FairQueue.Lane, _ flight: Flight) async throws(Failure) -> Turn {
    let number = state.withLock { state in
      state.lastNumber += 1
      return state.lastNumber
    }
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        lineUp(number, lane, Waiter(flight: flight, since: clock.now, continuation: continuation))
      }
    } onCancel: {
      leave(number)
    }
    return try outcome.get()
  }

  private func end(_ turn: Turn, _ failure: Failure?) {
    let (rate, now) = (rate(), clock.now)
    let due = state.withLock { state in
      state.turns.end(turn.number, began: turn.began, failure, at: now)
      return give(&state, rate, at: now)
    }
    resume(due)
  }

  // MARK: Those who wait

  private func lineUp(_ number: Int, _ lane: FairQueue.Lane, _ waiter: Waiter) {
    let (rate, flight, now) = (rate(), waiter.flight, waiter.since)
    let isAwaited = flight.isAwaited
    guard let deadline = flight.deadline else { return waiter.continuation.resume(returning: .failure(.abandoned)) }
    var due: [(Waiter, Turn)] = []
    let place = state.withLock { state -> Result<RequestTurns.Place, Failure> in
      // Cancelled before it came to wait: `leave` has found nobody.
      if Task.isCancelled { return .failure(.abandoned) }
      do throws(TokenFailure) {
        let lane = isAwaited ? lane : .background
        let place = try state.turns.lineUp(number, in: lane, deadline: deadline, rate, at: now)
        state.waiters[number] = waiter
        due = give(&state, rate, at: now)
        return .success(place)
      } catch {
        return .failure(.token(error))
      }
    }
    switch place {
    case .failure(let failure): waiter.continuation.resume(returning: .failure(failure))
    case .success(let place):
      if !due.contains(where: { $0.1.number == number }) { report(place, to: flight) }
      if !isAwaited { flight.whenAwaited { [weak self] in self?.promote(number, to: lane) } }
    }
    resume(due)
  }

  /// Somebody waits now for what nobody waited for.
  private func promote(_ number: Int, to lane: FairQueue.Lane) {
    let (rate, now) = (rate(), clock.now)
    let due = state.withLock { state in
      state.turns.promote(number, to: lane)
      return give(&state, rate, at: now)
    }
    resume(due)
  }

  private func leave(_ number: Int) {
    let waiter = state.withLock { state in
      state.turns.leave(number)
      if state.turns.isEmpty { rest(&state) }
      return state.waiters.removeValue(forKey: number)
    }
    waiter?.continuation.resume(returning: .failure(.abandoned))
  }

  /// Gives the turns that can be given now, and sees to it that the next is.
  private func give(_ state: inout State, _ rate: RateLimit, at now: Instant) -> [(Waiter, Turn)] {
    var due: [(Waiter, Turn)] = []
    while !state.turns.isEmpty {
      if let opening = state.turns.opening(rate, at: now) {
        look(&state, at: opening, now)
        return due
      }
      guard let number = state.turns.give(at: now), let waiter = state.waiters.removeValue(forKey: number) else {
        break
      }
      due.append((waiter, Turn(number: number, began: now, hasWaited: waiter.since < now)))
    }
    rest(&state)
    return due
  }

  private func resume(_ due: [(Waiter, Turn)]) {
    for (waiter, turn) in due { waiter.continuation.resume(returning: .success(turn)) }
  }

  private func report(_ place: RequestTurns.Place, to flight: Flight) {
    flight.report(
      "Waiting for its turn at the identity domain, \(place.ahead) before it.",
      detail: [
        "state": "queued", "ahead": .number(JSONNumber(place.ahead)),
        "estimatedMs": .number(JSONNumber(place.wait.milliseconds)),
      ]
    )
  }

  // MARK: The alarm

  private func look(_ state: inout State, at opening: Instant, _ now: Instant) {
    let report = state.nextReport ?? now + Self.reportInterval
    state.nextReport = report
    let at = min(opening, report, now + Self.longestSleep)
    if let alarm = state.alarm {
      guard at < alarm.at else { return }
      alarm.task.cancel()
    }
    let clock = clock
    let task = Task { [weak self] in
      do { try await clock.sleep(until: at, tolerance: nil) } catch { return }
      self?.wake(at)
    }
    state.alarm = (at, task)
  }

  private func rest(_ state: inout State) {
    state.alarm?.task.cancel()
    state.alarm = nil
    state.nextReport = nil
  }

  private func wake(_ alarm: Instant) {
    let (rate, now) = (rate(), clock.now)
    let (due, reports) = state.withLock { state -> ([(Waiter, Turn)], [(RequestTurns.Place, Flight)]) in
      if state.alarm?.at == alarm { state.alarm = nil }
      let isReportDue = state.nextReport.map { $0 <= now } ?? false
      if isReportDue { state.nextReport = nil }
      let due = give(&state, rate, at: now)
      let places = isReportDue ? state.turns.places(rate, at: now) : []
      return (due, places.compactMap { place in state.waiters[place.number].map { (place, $0.flight) } })
    }
    resume(due)
    for (place, flight) in reports {
      // What nobody waits for is cancelled by nobody. Who waits is told by their own deadline that it has passed.
      if !flight.isAwaited, flight.deadline.map({ $0 <= now }) ?? true {
        leave(place.number)
      } else {
        report(place, to: flight)
      }
    }
  }
}
