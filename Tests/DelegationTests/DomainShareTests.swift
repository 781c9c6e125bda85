import Testing

@testable import Delegation

struct DomainShareTests {
  private let start = ContinuousClock.now

  @Test func oneBurstOfRefusalsHalvesItOnce() {
    var share = DomainShare()
    for answered in 1...5 { share.halve(at: start + .seconds(answered), sentAt: start) }
    #expect(share.current(at: start + .seconds(1)) == 0.5)
    share.halve(at: start + .seconds(2), sentAt: start + .milliseconds(1500))
    #expect(share.current(at: start + .seconds(2)) < 0.26)
  }

  @Test func recoversATenthAMinute() {
    var share = DomainShare()
    share.halve(at: start, sentAt: start - .seconds(1))
    #expect(share.current(at: start + .seconds(60)) == 0.6)
    #expect(share.current(at: start + .seconds(3600)) == 1)
    let rate = RateLimit(perSecond: 10, perMinute: 250)
    #expect(share.limit(rate, at: start) == RateLimit(perSecond: 5, perMinute: 125))
    #expect(share.limit(rate, at: start + .seconds(3600)) == rate)
  }

  @Test func somethingAlwaysRemains() {
    var share = DomainShare()
    for second in 1...50 { share.halve(at: start + .seconds(second), sentAt: start + .seconds(second)) }
    #expect(share.current(at: start + .seconds(50)) == 1.0 / 16)
    let least = share.limit(RateLimit(perSecond: 1, perMinute: 1), at: start + .seconds(50))
    #expect(least == RateLimit(perSecond: 1, perMinute: 1))
  }
}
