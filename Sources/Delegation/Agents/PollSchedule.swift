/// When to ask for a run's state again: after 0.5 s, then × 1.5 up to 5 s, each ± 20 %.
struct PollSchedule {
  private var step: Duration = .milliseconds(500)
  private let random: any Randomness

  init(random: any Randomness) { self.random = random }

  mutating func next() -> Duration {
    let pause = random.spread(step, byPercent: 20)
    step = min(step * 3 / 2, .seconds(5))
    return pause
  }
}
