import Delegation
import TestSupport
import Testing

/// The power goes at each write of each step, right before it is done and right after. Whatever is left, every profile
/// signs, and a sidecar that is started then comes to the right end in both directions.
struct RotationInterruptionTests {
  enum Step: CaseIterable {
    case start
    case finish
    case abortFinished
    case abortStarted

    var writes: Int {
      switch self {
      case .start, .abortStarted: 1
      case .finish, .abortFinished: 3
      }
    }
  }

  enum Way: CaseIterable {
    case onward
    case back
  }

  struct Case: CustomTestStringConvertible {
    let step: Step
    let write: Int
    let moment: Writes.Moment
    let way: Way

    var testDescription: String { "\(step), \(moment) write \(write), \(way)" }
  }

  private static let cases = Step.allCases.flatMap { step in
    (1...step.writes).flatMap { write in
      Writes.Moment.allCases.flatMap { moment in
        Way.allCases.map { Case(step: step, write: write, moment: moment, way: $0) }
      }
    }
  }

  /// Where the step begins.
  private func bench(before step: Step) async throws -> RotationBench {
    let bench = try await RotationBench()
    if step != .start { try await bench.start(bench.rotation) }
    if step == .abortFinished { _ = try await bench.rotation.finish("payables", for: bench.caller) }
    return bench
  }

  private func take(_ step: Step, _ bench: RotationBench, _ writes: Writes) async throws {
    let rotation = bench.domain(writes).rotation
    switch step {
    case .start: try await bench.start(rotation)
    case .finish: _ = try await rotation.finish("payables", for: bench.caller)
    case .abortFinished, .abortStarted: _ = try await rotation.abort("payables", for: bench.caller)
    }
  }

  @Test(arguments: Step.allCases) func aStepHasSoManyWrites(_ step: Step) async throws {
    let bench = try await bench(before: step)
    let writes = Writes()
    try await take(step, bench, writes)
    #expect(writes.count == step.writes)
  }

  @Test(arguments: cases) func anInterruptedStepIsResumed(_ interruption: Case) async throws {
    let bench = try await bench(before: interruption.step)
    let writes = Writes()
    writes.losePower(at: interruption.write, interruption.moment)
    await #expect(throws: Failure.self) { try await take(interruption.step, bench, writes) }
    try await bench.everyProfileSigns()
    switch interruption.way {
    case .onward:
      do { try await bench.start(bench.rotation) } catch .key(.rotation(.isRetired, alias: _)) {
        // Beyond start already.
      }
      _ = try await bench.rotation.finish("payables", for: bench.caller)
      #expect(try await bench.picture() == RotationBench.finished)
    case .back:
      var steps = 0
      do throws(Failure) {
        while steps < 3 {
          _ = try await bench.rotation.abort("payables", for: bench.caller)
          steps += 1
        }
      } catch {
        #expect(error == .key(.rotation(.notStarted, alias: "payables")))
      }
      #expect(steps < 3)
      #expect(try await bench.picture() == RotationBench.atRest)
    }
    try await bench.everyProfileSigns()
  }
}
