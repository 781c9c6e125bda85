import Delegation
import Testing

struct ProfileDigestsTests {
  @Test func aDigestIsMadeAgainWhenTheProfileChanges() throws {
    let digests = ProfileDigests()
    var made = 0
    func digest(_ profile: Profile) -> [UInt8] {
      digests.digest(of: profile) {
        made += 1
        return [UInt8(made)]
      }
    }
    let profile = try Samples.profile()
    let changed = try Samples.profile { $0.clientId = "another-client" }
    let renamed = try Samples.profile { $0.name = "another" }

    #expect(digest(profile) == [1])
    #expect(digest(profile) == [1])
    #expect(digest(renamed) == [2])
    #expect(digest(changed) == [3])
    #expect(digest(profile) == [4])
    #expect(digest(renamed) == [2])
  }
}
