/// When to ask for a run's state again: after 0.5 s, then × 1.5 up to 5 s, each ± 20 %.
struct PollSchedule {
  private var step: Duration = .milliseconds(500)
  private let random: any Randomness

  init(random: any Randomness) { self.random = random }

  mutating func next() -> Duration {
    let share = random.bytes(2).reduce(0) { $0 << 8 | Int($1) }
    // 80 % to 120 % of the step, in steps of 1/65535.
    let pause = step * (52_428 + share * 26_214 / 65_535) / 65_535
    step = min(step * 3 / 2, .seconds(5))
    return pause
  }
}
