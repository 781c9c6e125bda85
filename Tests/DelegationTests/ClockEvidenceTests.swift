import Delegation
import TestSupport
import Testing

/// What the dates of answers add up to, without any clock running.
struct ClockEvidenceTests {
  private static let start = ContinuousClock.now
  private static let epoch = UnixTime(seconds: 1_700_000_000)

  /// What happens, in milliseconds of the monotonic clock. The clock of this machine runs with it until it is set.
  enum Event: Sendable {
    /// The domain's clock was then so far ahead of the monotonic one.
    case answer(atMs: Int64, domainMs: Int64, roundTripMs: Int64 = 100)
    case refusal(atMs: Int64, domainMs: Int64, roundTripMs: Int64 = 100)
    /// This machine's clock is so far ahead from now on.
    case set(toMs: Int64)
  }

  struct Row: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let events: [Event]
    var atMs: Int64 = 1000
    let judgement: ClockEvidence.Judgement
  }

  private static func replay(_ events: [Event], judgedAt atMs: Int64) -> ClockEvidence.Judgement {
    var evidence = ClockEvidence()
    var machineMs: Int64 = 0
    func machine(_ atMs: Int64) -> ClockSetting {
      ClockSetting(
        UnixTime(milliseconds: epoch.milliseconds + atMs + machineMs),
        at: start.advanced(by: .milliseconds(atMs))
      )
    }
    /// Half a second is what a date lacks on average, so one that lacks just that comes out even.
    func dated(_ atMs: Int64, _ domainMs: Int64, _ roundTripMs: Int64) -> DatedAnswer? {
      DatedAnswer(
        UnixTime(milliseconds: epoch.milliseconds + atMs + domainMs - 500),
        machine: machine(atMs),
        asked: start.advanced(by: .milliseconds(atMs - roundTripMs)),
        minted: machine(atMs)
      )
    }
    for event in events {
      switch event {
      case .answer(let atMs, let domainMs, let roundTripMs):
        if let answer = dated(atMs, domainMs, roundTripMs) { evidence.hear(answer) }
      case .refusal(let atMs, let domainMs, let roundTripMs):
        guard let answer = dated(atMs, domainMs, roundTripMs) else { continue }
        evidence.hear(answer)
        evidence.believe(answer)
      case .set(let toMs): machineMs = toMs
      }
    }
    return evidence.judge(machine(atMs))
  }

  private static let hour: Int64 = 3_600_000
  private static let quarter: Int64 = 900_000

  static let rows = [
    Row(testDescription: "nothing yet", events: [], judgement: .unknown),
    Row(testDescription: "one answer", events: [.answer(atMs: 0, domainMs: quarter)], judgement: .unknown),
    Row(
      testDescription: "two that agree",
      events: [.answer(atMs: 0, domainMs: quarter), .answer(atMs: 10, domainMs: quarter + 4999)],
      judgement: .corrected(offsetMs: quarter + 4999)
    ),
    Row(
      testDescription: "two that do not",
      events: [.answer(atMs: 0, domainMs: quarter), .answer(atMs: 10, domainMs: quarter + 5000)],
      judgement: .unknown
    ),
    Row(
      testDescription: "two with another between them",
      events: [.answer(atMs: 0, domainMs: 0), .answer(atMs: 10, domainMs: hour), .answer(atMs: 20, domainMs: 0)],
      judgement: .unknown
    ),
    Row(
      testDescription: "one hostile date is forgotten",
      events: [
        .answer(atMs: 0, domainMs: 0), .answer(atMs: 10, domainMs: 0), .answer(atMs: 20, domainMs: hour),
        .answer(atMs: 30, domainMs: 0),
      ],
      judgement: .agrees(offsetMs: 0)
    ),
    Row(
      testDescription: "so slow an answer says nothing",
      events: [
        .answer(atMs: 0, domainMs: quarter, roundTripMs: 10_001), .answer(atMs: 10, domainMs: quarter),
      ],
      judgement: .unknown
    ),
    Row(
      testDescription: "a little is ignored",
      events: [.answer(atMs: 0, domainMs: -4999), .answer(atMs: 10, domainMs: -4999)],
      judgement: .agrees(offsetMs: -4999)
    ),
    Row(
      testDescription: "5 s are corrected",
      events: [.answer(atMs: 0, domainMs: -5000), .answer(atMs: 10, domainMs: -5000)],
      judgement: .corrected(offsetMs: -5000)
    ),
    Row(
      testDescription: "a refusal is enough",
      events: [.refusal(atMs: 0, domainMs: -quarter)],
      judgement: .corrected(offsetMs: -quarter)
    ),
    Row(
      testDescription: "half an hour is corrected",
      events: [.refusal(atMs: 0, domainMs: hour / 2)],
      judgement: .corrected(offsetMs: hour / 2)
    ),
    Row(
      testDescription: "more is not",
      events: [.refusal(atMs: 0, domainMs: -hour / 2 - 1)],
      judgement: .tooFar(offsetMs: -hour / 2 - 1, left: .seconds(9))
    ),
    Row(
      testDescription: "for so long",
      events: [.refusal(atMs: 0, domainMs: hour)],
      atMs: 9999,
      judgement: .tooFar(offsetMs: hour, left: .milliseconds(1))
    ),
    Row(
      testDescription: "and then no more",
      events: [.refusal(atMs: 0, domainMs: hour)],
      atMs: 10_000,
      judgement: .unknown
    ),
    Row(
      testDescription: "setting the clock right counts at once",
      events: [.refusal(atMs: 0, domainMs: hour), .set(toMs: hour)],
      judgement: .agrees(offsetMs: 0)
    ),
    Row(
      testDescription: "also when it is set by half",
      events: [.refusal(atMs: 0, domainMs: hour), .set(toMs: hour - quarter)],
      judgement: .corrected(offsetMs: quarter)
    ),
    Row(
      testDescription: "the last refusal decides",
      events: [.refusal(atMs: 0, domainMs: quarter), .refusal(atMs: 10, domainMs: 0)],
      judgement: .agrees(offsetMs: 0)
    ),
    Row(
      testDescription: "the clock jumps while it agrees",
      events: [.answer(atMs: 0, domainMs: 0), .answer(atMs: 10, domainMs: 0), .set(toMs: quarter)],
      judgement: .corrected(offsetMs: -quarter)
    ),
    Row(
      testDescription: "the clock jumps while it is corrected",
      events: [.refusal(atMs: 0, domainMs: quarter), .set(toMs: -quarter)],
      judgement: .corrected(offsetMs: 2 * quarter)
    ),
    Row(
      testDescription: "after a jump by hours nobody knows which clock is right",
      events: [.refusal(atMs: 0, domainMs: quarter), .set(toMs: 3 * hour)],
      judgement: .unknown
    ),
    Row(
      testDescription: "until it comes back",
      events: [.refusal(atMs: 0, domainMs: quarter), .set(toMs: 3 * hour), .set(toMs: 0)],
      judgement: .corrected(offsetMs: quarter)
    ),
    Row(
      testDescription: "a virtual machine stood still: its monotonic clock did, its clock and the domain's went on",
      events: [
        .answer(atMs: 0, domainMs: 0), .answer(atMs: 10, domainMs: 0), .set(toMs: hour),
        .answer(atMs: 20, domainMs: hour), .answer(atMs: 30, domainMs: hour),
      ],
      judgement: .agrees(offsetMs: 0)
    ),
    Row(
      testDescription: "a virtual machine stood still for minutes, and a refusal tells",
      events: [
        .answer(atMs: 0, domainMs: 0), .answer(atMs: 10, domainMs: 0), .set(toMs: quarter),
        .refusal(atMs: 20, domainMs: quarter),
      ],
      judgement: .agrees(offsetMs: 0)
    ),
    Row(
      testDescription: "years that no calendar has",
      events: [
        .refusal(atMs: 0, domainMs: 250_000_000_000_000_000), .refusal(atMs: 0, domainMs: -hour * 24 * 365 * 60),
      ],
      judgement: .unknown
    ),
  ]

  @Test(arguments: rows) func judges(_ row: Row) {
    #expect(Self.replay(row.events, judgedAt: row.atMs) == row.judgement)
  }

  /// Whatever happens: nothing is corrected by more than 30 minutes, nor by less than 5 s, and no refusal to sign lasts.
  @Test(arguments: 0..<20) func noHistoryLeadsBeyondTheLimits(seed: Int) {
    var random = SeededRandom(seed)
    for _ in 0..<500 {
      let last = Int64.random(in: 0...100_000, using: &random)
      let events = (0..<Int.random(in: 1...6, using: &random)).map { _ -> Event in
        let atMs = Int64.random(in: 0...last, using: &random)
        let reach: Int64 = [4000, 100_000, 2_000_000, 20_000_000_000].randomElement(using: &random) ?? 0
        let domainMs = Int64.random(in: -reach...reach, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: return .answer(atMs: atMs, domainMs: domainMs)
        case 1: return .refusal(atMs: atMs, domainMs: domainMs)
        default: return .set(toMs: domainMs)
        }
      }
      switch Self.replay(events, judgedAt: last) {
      case .unknown: break
      case .agrees(let offset): #expect(offset.magnitude < 5000)
      case .corrected(let offset): #expect((5000...1_800_000).contains(offset.magnitude))
      case .tooFar(let offset, let left):
        #expect(offset.magnitude > 1_800_000)
        #expect(left <= Duration.seconds(10))
      }
      if case .tooFar = Self.replay(events, judgedAt: last + 10_000) { Issue.record("\(events)") }
    }
  }
}
