import Delegation
import Testing

struct RFC3339Tests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00Z"),
      (951_782_400, "2000-02-29T00:00:00Z"),
      (1_700_000_000, "2023-11-14T22:13:20Z"),
      (4_102_444_799, "2099-12-31T23:59:59Z"),
      (-1, "1969-12-31T23:59:59Z"),
      (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] as [(Int64, String)]
  )
  func writesAndReads(_ seconds: Int64, _ text: String) {
    #expect(UnixTime(seconds: seconds).rfc3339 == text)
    #expect(UnixTime(rfc3339: text) == UnixTime(seconds: seconds))
  }

  @Test(arguments: [
    "", "2023-11-14", "2023-11-14T22:13:20", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z", "2023-00-01T00:00:00Z",
    "2023-11-14T24:00:00Z", "2023-11-14T22:60:00Z", "2023-11-14t22:13:20z", "2023-11-14T22:13:20+00:00",
    "2023-11-14T22:13:20.5Z", " 2023-11-14T22:13:20Z", "2023-11-1-T22:13:20Z",
  ])
  func refusesOtherText(_ text: String) { #expect(UnixTime(rfc3339: text) == nil) }

  @Test func everyDayOfFourCenturiesComesBack() {
    for day in Int64(0)..<146_097 {
      let time = UnixTime(seconds: day * 86_400 + 43_200)
      #expect(UnixTime(rfc3339: time.rfc3339) == time)
    }
  }
}
