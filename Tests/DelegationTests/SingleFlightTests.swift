import JSON
import Synchronization
import TestSupport
import Testing

@testable import Delegation

struct SingleFlightTests {
  /// Work that a test steers: it goes as far as it is told, and shows its flight.
  private final class Work: Sendable {
    private struct State {
      var flights: [Flight] = []
      var kept: [String] = []
    }

    let clock = ManualClock()
    private let state = Mutex(State())
    private let departs: Bool

    init(departs: Bool = false) { self.departs = departs }

    var begun: Int { state.withLock(\.flights.count) }
    var kept: [String] { state.withLock(\.kept) }

    func keep(_ value: String) { state.withLock { $0.kept.append(value) } }

    /// Done when a second has passed, unless it is given up before.
    func run(_ flight: Flight) async -> Result<String, Failure> {
      do throws(Failure) {
        if departs { try flight.depart() }
        state.withLock { $0.flights.append(flight) }
        do { try await clock.sleep(until: clock.now + .seconds(1), tolerance: nil) } catch { throw .abandoned }
        return .success("done")
      } catch {
        return .failure(error)
      }
    }

    func flight() async -> Flight {
      await clock.sleepers(atLeast: 1)
      return state.withLock { $0.flights[$0.flights.count - 1] }
    }
  }

  private let flights = SingleFlight<String, String>()

  private func waiter(on work: Work, _ caller: RecordingCaller = RecordingCaller()) -> Task<
    Result<String, Failure>, Never
  > {
    Task {
      do throws(Failure) {
        return .success(
          try await flights.value(for: "key", caller: caller) {
            await work.run($0)
          } keep: {
            work.keep($0)
          }
        )
      } catch {
        return .failure(error)
      }
    }
  }

  private func waiters(_ count: Int) async {
    while flights.waiterCount(for: "key") < count { await Task.yield() }
  }

  private func isEmpty() async { while flights.count > 0 { await Task.yield() } }

  @Test func whatHasDepartedIsDoneForNobody() async {
    let work = Work(departs: true)
    let waiter = waiter(on: work)
    _ = await work.flight()
    waiter.cancel()
    #expect(await waiter.value == .failure(.abandoned))
    #expect(flights.count == 1)
    work.clock.advance(by: .seconds(1))
    await isEmpty()
    #expect(work.kept == ["done"])
  }

  @Test func whatWaitsIsGivenUpWhenTheLastHasLeft() async {
    let work = Work()
    let (first, second) = (waiter(on: work), waiter(on: work))
    await waiters(2)
    let flight = await work.flight()
    first.cancel()
    #expect(await first.value == .failure(.abandoned))
    #expect(flights.waiterCount(for: "key") == 1)
    second.cancel()
    #expect(await second.value == .failure(.abandoned))
    await isEmpty()
    #expect(work.kept.isEmpty)
    #expect(throws: Failure.abandoned) { try flight.depart() }
    #expect(throws: Failure.abandoned) { try flight.wait() }
  }

  @Test func whoeverComesThenBeginsAnother() async {
    let work = Work()
    let earlier = waiter(on: work)
    _ = await work.flight()
    earlier.cancel()
    _ = await earlier.value
    let later = waiter(on: work)
    while work.begun < 2 { await Task.yield() }
    _ = await work.flight()
    work.clock.advance(by: .seconds(1))
    #expect(await later.value == .success("done"))
    #expect(work.kept == ["done"])
  }

  @Test func whatWaitsAgainIsGivenUpAgain() async throws {
    let work = Work(departs: true)
    let waiter = waiter(on: work)
    try await work.flight().wait()
    waiter.cancel()
    _ = await waiter.value
    await isEmpty()
    #expect(work.kept.isEmpty)
  }

  @Test func whatEverybodyLeftAfterItDepartedEndsAtItsNextWait() async {
    let work = Work(departs: true)
    let waiter = waiter(on: work)
    let flight = await work.flight()
    waiter.cancel()
    _ = await waiter.value
    #expect(throws: Failure.abandoned) { try flight.wait() }
  }

  @Test func whatIsBegunForNobodyGoesOn() async throws {
    let work = Work()
    let changes = Atomic(0)
    let end = work.clock.now + .seconds(60)
    flights.begin("key", deadline: end) {
      await work.run($0)
    } keep: {
      work.keep($0)
    }
    let flight = await work.flight()
    #expect(!flight.isAwaited)
    #expect(flight.deadline == end)
    flight.whenAwaited { changes.add(1, ordering: .relaxed) }
    #expect(changes.load(ordering: .relaxed) == 0)
    for _ in 0..<2 {
      let waiter = waiter(on: work)
      await waiters(1)
      #expect(flight.isAwaited)
      waiter.cancel()
      _ = await waiter.value
    }
    #expect(changes.load(ordering: .relaxed) == 1)
    work.clock.advance(by: .seconds(1))
    await isEmpty()
    #expect(work.begun == 1)
    #expect(work.kept == ["done"])
  }

  @Test func aBeginningBesideAnotherChangesNothing() async {
    let work = Work()
    let waiter = waiter(on: work)
    _ = await work.flight()
    flights.begin("key", deadline: .now) {
      await work.run($0)
    } keep: {
      work.keep($0)
    }
    work.clock.advance(by: .seconds(1))
    #expect(await waiter.value == .success("done"))
    #expect(work.begun == 1)
  }

  @Test func itsDeadlineIsThatOfTheLastWhoWaits() async {
    let (work, start) = (Work(), ContinuousClock.now)
    let patient = waiter(on: work, RecordingCaller(deadline: start + .seconds(9)))
    _ = await work.flight()
    let hasty = waiter(on: work, RecordingCaller(deadline: start + .seconds(3)))
    await waiters(2)
    let flight = await work.flight()
    #expect(flight.deadline == start + .seconds(9))
    patient.cancel()
    _ = await patient.value
    #expect(flight.deadline == start + .seconds(3))
    hasty.cancel()
    _ = await hasty.value
    #expect(flight.deadline == nil)
  }

  @Test func progressReachesThoseWhoComeLater() async {
    let (work, first, second) = (Work(), RecordingCaller(), RecordingCaller())
    let tasks = [waiter(on: work, first)]
    let flight = await work.flight()
    flight.report("one", detail: ["state": "queued"])
    flight.report("two")
    let later = waiter(on: work, second)
    await waiters(2)
    work.clock.advance(by: .seconds(1))
    for task in tasks + [later] { #expect(await task.value == .success("done")) }
    #expect(first.reports == ["one", "two"])
    #expect(first.abandonDetail == ["state": "queued"])
    #expect(second.reports == ["two"])
  }
}
